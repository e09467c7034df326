"""Any Hugging Face model, stood for by a tiny random BERT."""

from pathlib import Path

import pyarrow as pa
import pytest
import torch
import transformers

from models.classifier import MessageClassifier
from schemas.errors import ModelError

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "good", "bad", "parcel", "still", "nothing"]


def save_tiny(folder: Path, labels: list[str]) -> str:
    torch.manual_seed(3)
    (folder / "vocab.txt").write_text("\n".join(WORDS))
    transformers.BertTokenizer(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    config = transformers.BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        num_labels=len(labels),
        id2label=dict(enumerate(labels)),
        label2id={label: number for number, label in enumerate(labels)},
        initializer_range=1.0,
    )
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    return str(folder)


def label(model: str, *texts: str) -> list[dict[str, object]]:
    batch = pa.RecordBatch.from_pydict({"role": ["customer"] * len(texts) + ["agent"], "text": [*texts, "good"]})
    return MessageClassifier(model, threads=1).classify(batch).to_pylist()


@pytest.mark.parametrize(
    "labels",
    [
        ["NEGATIVE", "NEUTRAL", "POSITIVE"],
        ["LABEL_0", "LABEL_1", "LABEL_2"],
        ["1 star", "2 stars", "3 stars", "4 stars", "5 stars"],
        ["neg", "pos"],
    ],
)
def test_sentiment_models_of_any_spelling_fill_sentiment_only(tmp_path: Path, labels: list[str]) -> None:
    good, bad, agent = label(save_tiny(tmp_path, labels), "good parcel", "bad")
    assert good["sentiment"] in ("negative", "neutral", "positive")
    assert sum(good["sentiment_probabilities"].values()) == pytest.approx(1, abs=2e-4)  # type: ignore[attr-defined]
    assert good["sentiment_probabilities"] != bad["sentiment_probabilities"]
    assert good["confidence"] == max(good["sentiment_probabilities"].values())  # type: ignore[attr-defined]
    assert good["state"] is None
    assert good["signals"] is None
    assert len(str(good["model_revision"])) == 12
    assert agent["steps"] is None
    assert agent["needs_review"] is None


def test_stars_are_added_up(tmp_path: Path) -> None:
    from models.hub_classifier import map_labels

    head, matrix = map_labels(dict(enumerate(f"{n} star{'s' * (n > 1)}" for n in range(1, 6))), "m")
    assert head == "sentiment"
    assert matrix.tolist() == [[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]]


def test_a_state_model_fills_state(tmp_path: Path) -> None:
    good, *_ = label(save_tiny(tmp_path, ["amazement", "neutral", "uncertainty"]), "good")
    assert good["state"] in ("uncertainty", "neutral", "amazement")
    assert good["sentiment"] is None


@pytest.mark.parametrize("labels", [["toxic", "fine"], ["LABEL_0", "LABEL_1"], ["positive", "neutral"]])
def test_labels_that_are_not_ours_are_refused(tmp_path: Path, labels: list[str]) -> None:
    with pytest.raises(ModelError, match=r"are neither sentiments .* nor states .*\(id2label\)"):
        label(save_tiny(tmp_path, labels), "good")


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    model = save_tiny(tmp_path, ["neg", "pos"])
    (tmp_path / "model.safetensors").unlink()
    torch.save({}, tmp_path / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"only pickled weights \(pytorch_model\.bin\).*safetensors"):
        label(model, "good")


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not a model that can be loaded"):
        label(str(tmp_path), "good")


def test_neighbours_do_not_change_a_row(tmp_path: Path) -> None:
    model = save_tiny(tmp_path, ["neg", "neu", "pos"])
    texts = ["good", "bad parcel still nothing", "still " * 20, "nothing"]
    together = label(model, *texts)[:-1]
    assert [label(model, text)[0] for text in texts] == together
