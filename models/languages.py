"""Which language a text is in, where the export does not say."""

import re

import numpy as np
import pyarrow as pa
from py3langid.langid import MODEL_FILE, LanguageIdentifier  # type: ignore[import-untyped]

LANGUAGES = ("en", "de", "nl", "fr", "es", "it", "pt", "da", "sv")
"""The candidates: the three that staunen speaks, and their neighbours that it would else
take for one of them. A text in any other language gets one of these or null."""
MIN_LETTERS = 6
MIN_PROBABILITY = 0.5
NOISE = re.compile(r"(?:https?://|www\.)\S+|\[[A-Z_]{3,}\]")

IDENTIFIER = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
IDENTIFIER.set_languages(list(LANGUAGES))


def detect_languages(texts: pa.Array) -> pa.Array:
    """Return the language of each text.

    Links and the tags of redaction are left out. Each distinct text is looked at once.

    Args:
        texts: string, may hold nulls.

    Returns:
        string: ISO 639-1 codes out of `LANGUAGES`; null where the text is null, has fewer
        than 6 letters ("ok 👍"), or no language reaches a probability of 0.5.

    Example:
        >>> detect_languages(pa.array(["Waar blijft mijn pakket?", "ok", None])).to_pylist()
        ['nl', None, None]
    """
    texts = texts.cast(pa.string())
    if len(texts) == 0:
        return texts
    encoded = texts.dictionary_encode()
    # The identifier takes Python strings, one at a time.
    codes = pa.array([_detect(text) for text in encoded.dictionary.to_pylist()], pa.string())
    return codes.take(encoded.indices)


def _detect(text: str) -> str | None:
    words = NOISE.sub(" ", text)
    if np.count_nonzero([character.isalpha() for character in words]) < MIN_LETTERS:
        return None
    code, probability = IDENTIFIER.classify(words)
    return str(code) if probability >= MIN_PROBABILITY else None
