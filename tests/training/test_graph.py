"""The hand-written graph computes what the network computes."""

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch
import transformers

from training.graph import build_graph
from training.labels import SHIPPED
from training.network import MultiHeadNetwork


@pytest.fixture
def base(tmp_path: Path) -> Path:
    torch.manual_seed(5)
    config = transformers.BertConfig(
        vocab_size=50, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
        max_position_embeddings=40, initializer_range=0.3,
    )  # fmt: skip
    transformers.BertModel(config, add_pooling_layer=False).save_pretrained(tmp_path)
    return tmp_path


def test_graph_and_network_agree_with_padding(base: Path) -> None:
    network = MultiHeadNetwork(base).eval()
    weights = {name: value.numpy() for name, value in network.state_dict().items()}
    graph, used = build_graph(weights, network.encoder.config, SHIPPED)
    options = ort.SessionOptions()
    values = [ort.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(value)) for value in used.values()]
    options.add_external_initializers(list(used), values)
    session = ort.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
    ids = np.random.default_rng(0).integers(0, 50, (3, 16))
    mask = (np.arange(16) < np.array([[16], [9], [2]])).astype(np.int64)
    for rows in (slice(0, 3), slice(1, 2)):
        found = session.run(None, {"input_ids": ids[rows], "attention_mask": mask[rows]})
        with torch.no_grad():
            expected = network(torch.tensor(ids[rows]), torch.tensor(mask[rows]))
        for head, logits in zip(SHIPPED, found, strict=True):
            np.testing.assert_allclose(logits, expected[head.name].numpy(), atol=2e-5)


def test_the_graph_holds_no_weights(base: Path) -> None:
    network = MultiHeadNetwork(base)
    weights = {name: value.numpy() for name, value in network.state_dict().items()}
    graph, used = build_graph(weights, network.encoder.config, SHIPPED)
    assert len(graph.SerializeToString()) < 20_000
    assert sum(value.size for value in used.values()) > 10_000
    assert "encoder.embeddings.word_embeddings.weight" in used
