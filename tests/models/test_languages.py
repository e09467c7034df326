import pyarrow as pa
import pytest

from models.languages import LANGUAGES, detect_languages


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Where is my parcel? I have been waiting for two weeks.", "en"),
        ("Wo bleibt mein Paket? Ich warte seit zwei Wochen.", "de"),
        ("Waar blijft mijn pakket? Ik wacht al twee weken.", "nl"),
        ("Où est mon colis ? J'attends depuis deux semaines.", "fr"),
        ("[PERSON] https://example.org/the-english-page Waar blijft mijn pakket toch?", "nl"),
        ("ok 👍", None),
        ("https://example.org/where-is-my-parcel", None),
        ("12345 67890", None),
        ("", None),
        (None, None),
    ],
)
def test_detect_languages(text: str | None, code: str | None) -> None:
    assert detect_languages(pa.array([text], pa.string())).to_pylist() == [code]


def test_order_duplicates_and_slices() -> None:
    texts = pa.array(["Guten Morgen, liebe Leute", None, "Good morning, dear people", "Guten Morgen, liebe Leute"])
    assert detect_languages(texts).to_pylist() == ["de", None, "en", "de"]
    assert detect_languages(texts.slice(1, 2)).to_pylist() == [None, "en"]
    assert detect_languages(texts.slice(0, 0)).to_pylist() == []
    assert detect_languages(pa.nulls(2)).to_pylist() == [None, None]


def test_only_candidates_come_out() -> None:
    polish = detect_languages(pa.array(["Gdzie jest moja paczka? Czekam od dwóch tygodni."]))
    assert polish[0].as_py() in {*LANGUAGES, None}
