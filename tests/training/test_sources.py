import json
from pathlib import Path

from training.sources import dress_as_tweet, is_headline, read_conversations, read_umsab, redact_known


def test_personal_data_becomes_tags_longest_first() -> None:
    text = "Jan Smit, jan@smit.nl, BSN 123"
    pii = [["PERSON", "Jan"], ["PERSON", "Jan Smit"], ["EMAIL", "jan@smit.nl"], ["BSN_OR_TAX_ID", "123"]]
    assert redact_known(text, pii) == "[PERSON], [EMAIL], BSN [TAX_ID]"


def test_dressing_keeps_the_words_and_differs_between_texts() -> None:
    texts = [f"Message number {number}" for number in range(200)]
    dressed = [dress_as_tweet(text) for text in texts]
    assert all(text.lower() in value.lower() for text, value in zip(texts, dressed, strict=True))
    assert dressed == [dress_as_tweet(text) for text in texts]
    assert 80 < sum(value.startswith("@user ") for value in dressed) < 150
    assert 50 < sum(value.endswith(" http") for value in dressed) < 110


def test_a_headline_links_and_talks_to_no_one() -> None:
    assert is_headline("Bahn: neue Preise http")
    assert not is_headline("@user schau http")
    assert not is_headline("Bahn: neue Preise")


def test_conversations_give_each_role_its_own_annotations(tmp_path: Path) -> None:
    messages = [
        {
            "role": "customer",
            "text": "Hi  Ann",
            "sentiment": "neutral",
            "state": "neutral",
            "signals": [],
            "pii": [["PERSON", "Ann"]],
        },
        {"role": "agent", "text": "Hello", "steps": ["fix"], "pii": []},
    ]
    line = json.dumps({"id": "x-1", "lang": "en", "messages": messages})
    (tmp_path / "a.jsonl").write_text(line + "\n")
    customer, agent = read_conversations(tmp_path)
    assert (customer["text"], customer["redacted"]) == ("Hi Ann", "Hi [PERSON]")
    assert (customer["state"], customer["signals"], customer.get("steps")) == (["neutral"], [], None)
    assert (agent["steps"], agent.get("state")) == (["fix"], None)


def test_tweets_are_cut_at_line_feeds_only(tmp_path: Path) -> None:
    for language in ("english", "german", "french", "spanish", "italian", "portuguese"):
        (tmp_path / language).mkdir()
        for split in ("train", "val"):
            (tmp_path / language / f"{split}_text.txt").write_text("one\u2028still one\nit\\u2019s two\n")
            (tmp_path / language / f"{split}_labels.txt").write_text("0\n2\n")
    rows = [row for row in read_umsab(tmp_path) if row["lang"] == "en"]
    assert [row["text"] for row in rows] == ["one still one", "it\u2019s two"] * 2
    assert [row["sentiment"] for row in rows] == [["negative"], ["positive"]] * 2
    assert [row["is_validation"] for row in rows] == [False, False, True, True]
