"""Weights stored small: matrices as int8 with one scale per output, the rest as float16.

They are turned back to float32 at load, so nothing is computed in 8 bits: quantising
activations as well would let a message's label depend on its neighbours in the batch.
"""

from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

SCALE = ".scale"
EMBEDDINGS = "word_embeddings"
SMALL = 100_000
"""Matrices with fewer entries (the heads) stay float16: they cost nothing and decide all."""

Weights = dict[str, np.ndarray]


def quantise(weights: Weights) -> Weights:
    """Return what is stored for float32 `weights`.

    A matrix `(inputs, outputs)` becomes int8 with a float16 scale per output, the word
    embedding `(words, width)` one per word: value = int8 * scale.
    """
    stored: Weights = {}
    for name, value in weights.items():
        if value.ndim != 2 or value.size < SMALL:
            stored[name] = value.astype(np.float16)
            continue
        axis = 1 if EMBEDDINGS in name else 0
        largest = np.abs(value).max(axis=axis, keepdims=True)
        # Rounded up to float16 before dividing, so that the largest value never passes 127.
        scale = np.maximum(np.nextafter((largest / 127).astype(np.float16), np.float16(np.inf)), 1e-7)
        scale = scale.astype(np.float16)
        stored[name] = np.clip(np.rint(value / scale.astype(np.float32)), -127, 127).astype(np.int8)
        stored[name + SCALE] = scale
    return stored


def dequantise(stored: Weights) -> Weights:
    """Return float32 weights by name; the inverse of `quantise` up to rounding."""
    return {
        name: value.astype(np.float32) * stored[name + SCALE].astype(np.float32)
        if name + SCALE in stored
        else value.astype(np.float32)
        for name, value in stored.items()
        if not name.endswith(SCALE)
    }


def save_weights(weights: Weights, path: Path) -> None:
    """Quantise and write `weights`."""
    save_file(quantise(weights), path)


def load_weights(path: Path) -> Weights:
    """Read a file of `save_weights` as float32."""
    return dequantise(load_file(path))
