"""The shipped model itself."""

import json
import pickle
import shutil
from pathlib import Path

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pytest
from apache_beam.ml.inference.base import RunInference
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that
from sklearn.metrics import f1_score

from models.classifier import DEFAULT_MODEL, MessageClassifier
from models.manifest import read_manifest
from models.onnx_scorer import OnnxScorer
from schemas.errors import ModelError
from schemas.labels import LABELS, SENTIMENTS, STATES
from training.split import is_validation

CONVERSATIONS = Path(__file__).parents[2] / "training" / "conversations"
SIZE_LIMIT = 70_000_000


def read_messages(*names: str) -> list[dict[str, object]]:
    lines = [line for name in names for line in (CONVERSATIONS / name).read_text(encoding="utf-8").splitlines()]
    return [message for line in lines for message in json.loads(line)["messages"]]


def as_batch(rows: list[dict[str, object]]) -> pa.RecordBatch:
    schema = pa.schema([("role", pa.string()), ("text", pa.string())])
    return pa.RecordBatch.from_pylist(rows, schema=schema)


@pytest.fixture(scope="module")
def scorer() -> OnnxScorer:
    return OnnxScorer(Path(DEFAULT_MODEL), threads=2)


@pytest.fixture(scope="module")
def classifier() -> MessageClassifier:
    return MessageClassifier(threads=2)


@pytest.fixture(scope="module")
def some() -> pa.RecordBatch:
    """60 messages of all lengths and both roles."""
    return as_batch((read_messages("en_e.jsonl") + read_messages("nl_b.jsonl"))[::11][:60])


def all_figures(scorer: OnnxScorer, batches: list[pa.RecordBatch]) -> np.ndarray:
    return np.concatenate([np.concatenate(list(scorer.score(batch).values()), axis=1) for batch in batches])


def test_the_directory_fits_its_manifest_and_its_limit() -> None:
    manifest = read_manifest(Path(DEFAULT_MODEL))
    found = {path.name for path in Path(DEFAULT_MODEL).iterdir()}
    assert found == {"manifest.json", *manifest.files}
    assert sum(entry.size for entry in manifest.files.values()) <= SIZE_LIMIT
    assert not manifest.context


def test_figures_are_the_same_bits_alone_in_pieces_and_shuffled(scorer: OnnxScorer, some: pa.RecordBatch) -> None:
    together = all_figures(scorer, [some])
    alone = all_figures(scorer, [some.slice(row, 1) for row in range(some.num_rows)])
    pieces = all_figures(scorer, [some.slice(start, 7) for start in range(0, some.num_rows, 7)])
    order = np.random.default_rng(5).permutation(some.num_rows)
    shuffled = all_figures(scorer, [some.take(pa.array(order))])
    assert (alone == together).all()
    assert (pieces == together).all()
    assert (shuffled == together[order]).all()


def test_threads_do_not_change_a_bit(scorer: OnnxScorer, some: pa.RecordBatch) -> None:
    one = OnnxScorer(Path(DEFAULT_MODEL), threads=1)
    assert (all_figures(one, [some]) == all_figures(scorer, [some])).all()


def test_written_conversations_are_labelled_well(classifier: MessageClassifier) -> None:
    """A floor on conversations held out from training, far above chance and below what was measured."""
    lines = [line for path in sorted(CONVERSATIONS.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()]
    held_out = [c for c in map(json.loads, lines) if is_validation(c["id"])]
    rows = [m for c in held_out for m in c["messages"] if m["role"] == "customer"][::3]
    labelled = classifier.classify(as_batch(rows))
    for head, labels in (("state", STATES), ("sentiment", SENTIMENTS)):
        truth = [row[head] for row in rows]
        assert f1_score(truth, labelled[head].to_pylist(), average="macro", labels=labels) >= 0.68


@pytest.mark.parametrize(
    ("role", "text", "head", "expected"),
    [
        (
            "customer",
            "Third time I write: still no refund and nobody answers. I'm going to a competitor.",
            "state",
            "uncertainty",
        ),
        (
            "customer",
            "Immer wieder ein Genuss, hier zu bestellen. Stets pünktlich, kann ich nur empfehlen!",
            "state",
            "amazement",
        ),
        ("customer", "Het pakket is wéér niet bezorgd. Wat een waardeloze service.", "sentiment", "negative"),
        ("agent", "I'm so sorry about this. I have just refunded the full amount.", "steps", ["apologise", "fix"]),
    ],
)
def test_plain_cases(classifier: MessageClassifier, role: str, text: str, head: str, expected: object) -> None:
    found = classifier.classify(as_batch([{"role": role, "text": text}]))[head][0].as_py()
    assert set(expected) <= set(found) if isinstance(expected, list) else found == expected


def test_a_long_text_is_read_to_its_end(scorer: OnnxScorer) -> None:
    praise = "Everything was wonderful and always on time, thank you so much. " * 40
    anger = "But since Monday my parcel is lost, nobody answers, I want my money back! " * 40
    figures = scorer.score(as_batch([{"role": "customer", "text": text} for text in (praise + anger, anger + praise)]))
    states = figures["state"].argmax(axis=1)
    assert [STATES[state] for state in states] == ["uncertainty", "amazement"]
    assert scorer.effort.windows > scorer.effort.texts


def test_sliced_empty_and_null_batches(classifier: MessageClassifier, some: pa.RecordBatch) -> None:
    whole = classifier.classify(some)
    assert classifier.classify(some.slice(20, 10)).equals(whole.slice(20, 10))
    assert classifier.classify(some.slice(0, 0)).num_rows == 0
    nulls = classifier.classify(as_batch([{"role": "customer", "text": None}] * 3))
    assert all(nulls[field.name].null_count == 3 for field in LABELS)


def test_beam_labels_what_classify_labels(classifier: MessageClassifier, some: pa.RecordBatch) -> None:
    expected = classifier.classify(some.slice(0, 12))

    def check(found: list[pa.RecordBatch]) -> None:
        rows = sorted((batch.to_pylist() for batch in found), key=str)
        assert rows == sorted((expected.slice(0, 6).to_pylist(), expected.slice(6, 6).to_pylist()), key=str)

    with TestPipeline(runner="BundleBasedDirectRunner") as pipeline:
        batches = pipeline | beam.Create([some.slice(0, 6), some.slice(6, 6)])
        assert_that(batches | RunInference(MessageClassifier(threads=1)), check)


def test_the_handler_travels_without_its_model(classifier: MessageClassifier) -> None:
    classifier.classify(as_batch([{"role": "agent", "text": "Hello"}]))
    assert len(pickle.dumps(classifier)) < 1000


def test_a_tampered_directory_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(DEFAULT_MODEL, folder)
    (folder / "config.json").write_text("{}")
    with pytest.raises(ModelError, match=r"config\.json: expected \d+ bytes .* found 2 bytes"):
        MessageClassifier(str(folder)).load_model()


def test_settings_are_checked() -> None:
    with pytest.raises(ModelError, match="threads is 0"):
        MessageClassifier(threads=0)
    with pytest.raises(ModelError, match="takes no inference_args"):
        MessageClassifier().validate_inference_args({"top_k": 1})
