"""Write the model directory that ships.

python -m training.export --checkpoint DIR --calibration FILE --base DIR --out DIR
"""

import argparse
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from safetensors.numpy import load_file
from transformers import AutoConfig

from models.manifest import HeadSpec, Manifest, hash_file, revision_of, write_manifest
from models.weights import save_weights
from training.batches import MAX_TOKENS
from training.graph import build_graph
from training.labels import SHIPPED
from training.network import CHECKPOINT_FILE

GRAPH_FILE = "model.onnx"
WEIGHTS_FILE = "weights.safetensors"
COPIED = ("config.json", "tokenizer.json", "tokenizer_config.json")


def head_specs(calibration: dict[str, Any]) -> tuple[HeadSpec, ...]:
    """Return the shipped heads with their temperatures and thresholds."""
    return tuple(
        HeadSpec(
            name=head.name,
            labels=head.labels,
            is_multi=head.is_multi,
            temperature=calibration["temperatures"][head.name],
            thresholds=tuple(calibration["thresholds"].get(head.name, ())),
        )
        for head in SHIPPED
    )


def export(checkpoint: Path, calibration: dict[str, Any], base: Path, out: Path) -> Manifest:
    """Write graph, small weights, tokenizer and manifest to `out`; return the manifest."""
    out.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        shutil.copyfile(base / name, out / name)
    config = AutoConfig.from_pretrained(base, local_files_only=True)
    graph, weights = build_graph(load_file(checkpoint / CHECKPOINT_FILE), config, SHIPPED)
    (out / GRAPH_FILE).write_bytes(graph.SerializeToString(deterministic=True))
    save_weights(weights, out / WEIGHTS_FILE)
    unsealed = Manifest(
        name="staunen-default",
        heads=head_specs(calibration),
        review_thresholds=calibration["review_thresholds"],
        max_tokens=MAX_TOKENS,
        pooling="mean",
        context=False,
        license="Apache-2.0",
        base_model="intfloat/multilingual-e5-small (MIT), vocabulary cut to 56,039 tokens",
        files={name: hash_file(out / name) for name in (*COPIED, GRAPH_FILE, WEIGHTS_FILE)},
    )
    manifest = replace(unsealed, revision=revision_of(unsealed))
    write_manifest(manifest, out)
    return manifest


def main() -> None:
    """Export and print revision and sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("checkpoint", "calibration", "base", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    options = parser.parse_args()
    calibration = json.loads(options.calibration.read_text(encoding="utf-8"))
    manifest = export(options.checkpoint, calibration, options.base, options.out)
    sizes = {name: entry.size for name, entry in manifest.files.items()}
    print(json.dumps({"revision": manifest.revision, "bytes": sum(sizes.values()), "files": sizes}))


if __name__ == "__main__":
    main()
