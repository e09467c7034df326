"""The form in which a text meets the model: the same in training and at inference."""

import html
import re
import unicodedata

MENTION = re.compile(r"(?:(?<=\s)|(?<=^)|(?<=[.(\"'“„]))@\w{1,40}")
MENTION_RUN = re.compile(r"@user(?:[\s,&]+@user)+")
LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b\u200e\u200f\u2060\ufeff]")
LONG_RUN = re.compile(r"(.)\1{5,}")
SPACE = re.compile(r"\s+")


def normalise_text(text: str) -> str:
    r"""Return `text` as one line in NFC with links, mentions and runs made alike.

    Who is mentioned and where a link leads says nothing about the writer's
    state, and the tweets that the model learned from have them masked already
    as `@user` and `http`. Emoji, case, punctuation and the tags that redaction
    leaves (`[EMAIL]`) carry meaning and stay. Idempotent.

    Example:
        >>> normalise_text("@DHL_NL  waar blijft\nmijn pakket?? https://t.co/x")
        '@user waar blijft mijn pakket?? http'
    """
    text = unicodedata.normalize("NFC", html.unescape(text))
    text = LINK.sub("http", CONTROL.sub(" ", text))
    text = MENTION_RUN.sub("@user", MENTION.sub("@user", text))
    text = LONG_RUN.sub(lambda run: run.group(1) * 5, text)
    return SPACE.sub(" ", text).strip()


def as_model_input(role: str, text: str) -> str:
    """Return what the tokenizer gets: the normalised text behind its writer's role.

    The encoder was pre-trained with a short prefix ("query: ") before each text,
    so a role in the same place is cheap and tells the heads apart.
    """
    return f"{role}: {normalise_text(text)}"
