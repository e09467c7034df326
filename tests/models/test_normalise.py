import pytest

from models.normalise import as_model_input, normalise_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  a\r\n\tb  ", "a b"),
        ("see https://t.co/abc?x=1 now", "see http now"),
        ("@DHL_NL waar", "@user waar"),
        ("@a @b, @c hi", "@user hi"),
        (".@AppleSupport why", ".@user why"),
        ("mail me at jan@example.org", "mail me at jan@example.org"),
        ("[EMAIL] [ORDER_ID] stay", "[EMAIL] [ORDER_ID] stay"),
        ("Fish &amp; Chips 😡😡", "Fish & Chips 😡😡"),
        ("Cafe\u0301", "Café"),
        ("neeeeeeeeeein!!!!!!!!!!", "neeeeein!!!!!"),
        ("\u200bhi\x00", "hi"),
        ("", ""),
    ],
)
def test_normalise_text(text: str, expected: str) -> None:
    assert normalise_text(text) == expected
    assert normalise_text(expected) == expected


def test_the_role_stands_before_the_text() -> None:
    assert as_model_input("agent", " Hello\n") == "agent: Hello"
