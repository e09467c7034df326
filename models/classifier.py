"""The classifier behind Beam's ModelHandler, and for use without Beam."""

import importlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from apache_beam.metrics.metric import Metrics
from apache_beam.ml.inference.base import ModelHandler

from models.label import count_failed, label_batch
from models.manifest import MANIFEST_FILE
from models.onnx_scorer import OnnxScorer, available_threads
from models.scorer import Scorer
from schemas.errors import ModelError

DEFAULT_MODEL = str(Path(__file__).parent / "default")


class MessageClassifier(ModelHandler[pa.RecordBatch, pa.RecordBatch, Scorer]):
    """Labels messages; a RecordBatch in, the same rows with the LABELS columns out.

    Args:
        model_dir: A directory with a manifest (run by ONNX Runtime), or a directory or hub id
            of any Hugging Face sequence classification model (needs the extra `torch`).
        threads: CPU threads; by default all cores that the process may use. Labels do not
            depend on it.

    Example:
        >>> messages = pa.RecordBatch.from_pydict({"role": ["customer"], "text": ["Still no refund!"]})
        >>> MessageClassifier().classify(messages)["state"].to_pylist()
        ['uncertainty']
    """

    def __init__(self, model_dir: str = DEFAULT_MODEL, threads: int | None = None) -> None:
        if threads is not None and threads < 1:
            raise ModelError(f"threads is {threads}; give 1 or more, or none for all cores")
        super().__init__()
        self.model_dir = str(model_dir)
        self.threads = threads
        self._scorer: Scorer | None = None

    def load_model(self) -> Scorer:
        """Load the model; Beam calls this once per process."""
        return open_scorer(self.model_dir, self.threads or available_threads())

    def run_inference(
        self,
        batch: Sequence[pa.RecordBatch] | pa.RecordBatch,
        model: Scorer,
        inference_args: dict[str, Any] | None = None,
    ) -> Iterable[pa.RecordBatch]:
        """Label each batch, counting messages and those that could not be scored."""
        # Beam hands over one element as it is where batching is skipped.
        for messages in [batch] if isinstance(batch, pa.RecordBatch) else batch:
            labelled = label_batch(messages, model)
            Metrics.counter(self.get_metrics_namespace(), "messages").inc(labelled.num_rows)
            Metrics.counter(self.get_metrics_namespace(), "unscored_messages").inc(count_failed(labelled))
            yield labelled

    def classify(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Label one batch here and now; the model is loaded at the first call and kept."""
        if self._scorer is None:
            self._scorer = self.load_model()
        return label_batch(batch, self._scorer)

    def should_skip_batching(self) -> bool:
        """A RecordBatch is the batch."""
        return True

    def get_num_bytes(self, batch: Sequence[pa.RecordBatch] | pa.RecordBatch) -> int:
        """Return the batch's bytes; by default Beam would pickle it to know."""
        return batch.nbytes if isinstance(batch, pa.RecordBatch) else sum(part.nbytes for part in batch)

    def get_metrics_namespace(self) -> str:
        """Return where the counters stand."""
        return "MessageClassifier"

    def validate_inference_args(self, inference_args: Mapping[str, Any] | None) -> None:
        """Refuse arguments: there are none."""
        if inference_args:
            raise ModelError(f"the classifier takes no inference_args, got {sorted(inference_args)}")

    def __getstate__(self) -> dict[str, Any]:
        """Travel to the workers without the loaded model; each process loads its own."""
        return self.__dict__ | {"_scorer": None}


def open_scorer(model: str, threads: int) -> Scorer:
    """Load a model by what its directory holds: our manifest, or a Hugging Face checkpoint.

    Raises:
        ModelError: It cannot be loaded; says why and the way out.
    """
    if (Path(model) / MANIFEST_FILE).is_file():
        return OnnxScorer(Path(model), threads)
    try:
        hub = importlib.import_module("models.hub_classifier")
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise ModelError(
            f"{model} has no {MANIFEST_FILE}, so it is run by torch, which is not installed: "
            "pip install 'staunen[torch]'"
        ) from error
    return hub.HubScorer(model, threads)
