"""The network as an ONNX graph, written node by node with ONNX Runtime's fused operators.

An exporter would trace the same network into some 700 small nodes. Written by hand it has
about 90, every weight keeps the name it has in the checkpoint, and the graph is the same
bytes wherever it is built.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper
from transformers import PretrainedConfig

from training.labels import Head

OPSET = 17
FUSED = "com.microsoft"
FLOAT = TensorProto.FLOAT
INT = TensorProto.INT64


class GraphWriter:
    """Collects nodes and the weights they name."""

    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        self.weights = weights
        self.used: dict[str, np.ndarray] = {}
        self.nodes: list[onnx.NodeProto] = []

    def weight(self, name: str) -> str:
        """Take a weight into the graph; return its name."""
        self.used[name] = self.weights[name]
        return name

    def add(self, kind: str, inputs: Sequence[str], output: str, domain: str = "", **attributes: Any) -> str:
        """Append a node with one output; return the output's name."""
        self.nodes.append(helper.make_node(kind, inputs, [output], output, domain=domain, **attributes))
        return output

    def linear(self, value: str, layer: str, output: str, bias: bool = True) -> str:
        """Multiply by a layer's matrix, stored as (inputs, outputs), and add its bias."""
        product = self.add("MatMul", [value, self.weight(f"{layer}.weight")], f"{output}_product")
        if not bias:
            return product
        return self.add("Add", [product, self.weight(f"{layer}.bias")], output)


def fuse_weights(weights: dict[str, np.ndarray], layers: int) -> dict[str, np.ndarray]:
    """Return the checkpoint's weights as the graph wants them.

    Matrices are turned to (inputs, outputs), query, key and value of a layer become one
    matrix, and the token type, always 0, goes into the position embedding.
    """
    fused = {}
    for name, value in weights.items():
        is_matrix = value.ndim == 2 and "embeddings" not in name
        fused[name] = np.ascontiguousarray(value.T) if is_matrix else value
    for number in range(layers):
        parts = [f"encoder.encoder.layer.{number}.attention.self.{part}" for part in ("query", "key", "value")]
        for kind in ("weight", "bias"):
            joined = [fused.pop(f"{part}.{kind}") for part in parts]
            fused[f"encoder.encoder.layer.{number}.attention.qkv.{kind}"] = np.concatenate(joined, axis=-1)
    token_type = fused.pop("encoder.embeddings.token_type_embeddings.weight")
    fused["encoder.embeddings.position_embeddings.weight"] = (
        fused["encoder.embeddings.position_embeddings.weight"] + token_type[0]
    )
    return fused


def build_graph(
    weights: dict[str, np.ndarray], config: PretrainedConfig, heads: Sequence[Head]
) -> tuple[onnx.ModelProto, dict[str, np.ndarray]]:
    """Return the graph without weights, and the weights it wants by name (float32).

    Inputs: `input_ids` and `attention_mask`, int64 (rows, tokens). Outputs: one float32
    (rows, labels) per head, named as the head.
    """
    graph = GraphWriter(fuse_weights(weights, config.num_hidden_layers))
    hidden = _embed(graph, config)
    for number in range(config.num_hidden_layers):
        hidden = _layer(graph, hidden, f"encoder.encoder.layer.{number}", config)
    pooled = _mean_pool(graph, hidden)
    rows = graph.add("Shape", ["input_ids"], "rows", end=1)
    outputs = []
    for head in heads:
        logits = graph.linear(pooled, f"heads.{head.name}", f"{head.name}_twice")
        graph.add("Slice", [logits, "zero_list", rows], head.name)
        outputs.append(helper.make_tensor_value_info(head.name, FLOAT, ["rows", len(head.labels)]))
    names = ("input_ids", "attention_mask")
    proto = helper.make_graph(
        graph.nodes,
        "classifier",
        [helper.make_tensor_value_info(name, INT, ["rows", "tokens"]) for name in names],
        outputs,
        [_promise(name, value) for name, value in graph.used.items()] + CONSTANTS,
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(FUSED, 1)]
    return helper.make_model(proto, opset_imports=opsets, ir_version=9), graph.used


def _embed(graph: GraphWriter, config: PretrainedConfig) -> str:
    prefix = "encoder.embeddings"
    words = graph.add("Gather", [graph.weight(f"{prefix}.word_embeddings.weight"), "input_ids"], "words")
    tokens = graph.add("Shape", ["input_ids"], "tokens", start=1)
    table = graph.weight(f"{prefix}.position_embeddings.weight")
    places = graph.add("Slice", [table, "zero_list", tokens], "places")
    summed = graph.add("Add", [words, places], "embedded")
    scale, bias = (graph.weight(f"{prefix}.LayerNorm.{kind}") for kind in ("weight", "bias"))
    graph.add("Cast", ["attention_mask"], "mask_int", to=TensorProto.INT32)
    return graph.add("LayerNormalization", [summed, scale, bias], "hidden", axis=-1, epsilon=config.layer_norm_eps)


def _layer(graph: GraphWriter, hidden: str, prefix: str, config: PretrainedConfig) -> str:
    qkv = [graph.weight(f"{prefix}.attention.qkv.{kind}") for kind in ("weight", "bias")]
    heads = config.num_attention_heads
    context = graph.add("Attention", [hidden, *qkv, "mask_int"], f"{prefix}.context", domain=FUSED, num_heads=heads)
    attended = _residual(graph, context, hidden, f"{prefix}.attention.output", config)
    wide = graph.linear(attended, f"{prefix}.intermediate.dense", f"{prefix}.wide", bias=False)
    bias = graph.weight(f"{prefix}.intermediate.dense.bias")
    active = graph.add("BiasGelu", [wide, bias], f"{prefix}.active", domain=FUSED)
    return _residual(graph, active, attended, f"{prefix}.output", config)


def _residual(graph: GraphWriter, value: str, skip: str, prefix: str, config: PretrainedConfig) -> str:
    product = graph.linear(value, f"{prefix}.dense", f"{prefix}.dense_out", bias=False)
    norm = [graph.weight(f"{prefix}.LayerNorm.{kind}") for kind in ("weight", "bias")]
    inputs = [product, skip, *norm, graph.weight(f"{prefix}.dense.bias")]
    return graph.add("SkipLayerNormalization", inputs, f"{prefix}.normed", domain=FUSED, epsilon=config.layer_norm_eps)


def _mean_pool(graph: GraphWriter, hidden: str) -> str:
    """Average the token vectors, with each text twice: the second half is a copy of the first.

    ONNX Runtime sums and multiplies a single row by other routines than several, and their
    last bit may differ: so from here on a batch of one text has two rows as well.
    """
    mask = graph.add("Cast", ["attention_mask"], "mask_float", to=FLOAT)
    column = graph.add("Unsqueeze", [mask, "two_list"], "mask_column")
    masked = graph.add("Mul", [hidden, column], "masked_once")
    masked, mask = (graph.add("Concat", [value, value], f"{value}_twice", axis=0) for value in (masked, mask))
    total = graph.add("ReduceSum", [masked, "one_list"], "total", keepdims=0)
    count = graph.add("ReduceSum", [mask, "one_list"], "count", keepdims=1)
    return graph.add("Div", [total, count], "pooled")


def _promise(name: str, value: np.ndarray) -> TensorProto:
    """Declare a weight of this shape whose values are handed over at load."""
    tensor = TensorProto(name=name, data_type=FLOAT, dims=value.shape)
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="weights.safetensors")
    return tensor


CONSTANTS = [
    helper.make_tensor("zero_list", INT, [1], [0]),
    helper.make_tensor("one_list", INT, [1], [1]),
    helper.make_tensor("two_list", INT, [1], [2]),
]
