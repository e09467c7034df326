from pathlib import Path

import numpy as np
import pytest

from models.weights import SCALE, dequantise, load_weights, quantise, save_weights


@pytest.fixture
def weights() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    scales = np.geomspace(1e-3, 10, 400)  # outputs of very different size
    return {
        "layer.weight": (rng.normal(size=(300, 400)) * scales).astype(np.float32),
        "x.word_embeddings.weight": rng.normal(size=(1000, 128)).astype(np.float32),
        "layer.bias": rng.normal(size=400).astype(np.float32),
        "heads.state.weight": rng.normal(size=(384, 3)).astype(np.float32),
    }


def test_matrices_are_off_by_at_most_half_a_step_of_their_own_output(weights: dict[str, np.ndarray]) -> None:
    loaded = dequantise(quantise(weights))
    step = np.abs(weights["layer.weight"]).max(axis=0) / 127
    assert (np.abs(loaded["layer.weight"] - weights["layer.weight"]) <= 0.51 * step * 1.002).all()
    words = weights["x.word_embeddings.weight"]
    step = np.abs(words).max(axis=1, keepdims=True) / 127
    assert (np.abs(loaded["x.word_embeddings.weight"] - words) <= 0.51 * step * 1.002).all()


def test_small_ones_keep_eleven_bits(weights: dict[str, np.ndarray]) -> None:
    loaded = dequantise(quantise(weights))
    for name in ("layer.bias", "heads.state.weight"):
        np.testing.assert_allclose(loaded[name], weights[name], rtol=2**-11)


def test_a_matrix_takes_a_quarter_of_its_bytes(weights: dict[str, np.ndarray]) -> None:
    stored = quantise(weights)
    assert stored["layer.weight"].dtype == np.int8
    assert stored["layer.weight" + SCALE].shape == (1, 400)


def test_an_output_of_zeros_stays_zero() -> None:
    weights = {"layer.weight": np.zeros((400, 400), dtype=np.float32)}
    assert not dequantise(quantise(weights))["layer.weight"].any()


def test_files_give_back_what_was_stored(weights: dict[str, np.ndarray], tmp_path: Path) -> None:
    save_weights(weights, tmp_path / "weights.safetensors")
    loaded, expected = load_weights(tmp_path / "weights.safetensors"), dequantise(quantise(weights))
    assert loaded.keys() == weights.keys()
    assert all((loaded[name] == expected[name]).all() and loaded[name].dtype == np.float32 for name in expected)
