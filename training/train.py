"""Train the network: python -m training.train --examples FILE --base DIR --out DIR --stage NAME [--start DIR]."""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import torch

from training.batches import VARIANTS, Encoded, encode, epoch_batches
from training.labels import HEADS
from training.network import MultiHeadNetwork, head_loss, load_checkpoint, save_checkpoint
from training.score import macro_f1, predict_logits
from training.stages import STAGES, Stage

ENCODER_RATE = 1e-4
HEAD_RATE = 2e-3
"""Heads start from noise: at the encoder's rate the rare labels hardly learn at all."""
WARM_UP = 0.06
AVERAGE_DECAY = 0.995
PRINT_EVERY = 25


def make_optimizer(network: MultiHeadNetwork) -> torch.optim.AdamW:
    """Return AdamW with one rate for the encoder and a faster one for the heads."""
    encoder = [weight for weight in network.encoder.parameters() if weight.requires_grad]
    return torch.optim.AdamW(
        [
            {"params": encoder, "lr": ENCODER_RATE},
            {"params": list(network.heads.parameters()), "lr": HEAD_RATE},
        ],
        weight_decay=0.01,
    )


def rate_at(done: float) -> float:
    """Return the factor on the learning rates after the share `done` of all steps."""
    return done / WARM_UP if done < WARM_UP else max(0.0, (1.0 - done) / (1.0 - WARM_UP))


class Average:
    """A running average of the weights: steadier than the last step's."""

    def __init__(self, network: MultiHeadNetwork) -> None:
        self.weights = {name: value.detach().clone() for name, value in network.state_dict().items()}
        self._steps = 0

    @torch.no_grad()
    def update(self, network: MultiHeadNetwork) -> None:
        """Move the average toward the network; fast at first, so the start is forgotten."""
        self._steps += 1
        pull = 1.0 - min(AVERAGE_DECAY, (1 + self._steps) / (10 + self._steps))
        for name, value in network.named_parameters():
            if value.requires_grad:
                self.weights[name].lerp_(value.detach(), pull)


def train_epoch(
    network: MultiHeadNetwork,
    optimizer: torch.optim.AdamW,
    average: Average,
    encoded: Encoded,
    stage: Stage,
    epoch: int,
    use_bf16: bool,
) -> float:
    """Train for one epoch; return the mean loss per batch."""
    network.train()
    base_rates = (ENCODER_RATE, HEAD_RATE)
    batches = list(epoch_batches(encoded, stage, np.random.default_rng(stage.seed + epoch)))
    total = 0.0
    for number, batch in enumerate(batches):
        factor = rate_at((epoch + number / len(batches)) / stage.epochs)
        for group, rate in zip(optimizer.param_groups, base_rates, strict=True):
            group["lr"] = rate * factor
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=use_bf16):
            logits = network(batch["input_ids"], batch["attention_mask"])
        loss = sum((head_loss(h, logits[h.name], batch[h.name]) for h in HEADS), torch.zeros(()))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        average.update(network)
        total += loss.item()
        if number % PRINT_EVERY == 0:
            print(f"epoch {epoch}, batch {number} of {len(batches)}", flush=True)
    return total / len(batches)


def main() -> None:
    """Train, printing one line of validation figures per epoch; write the averaged weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("examples", "base", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--stage", choices=STAGES, required=True)
    parser.add_argument("--start", type=Path, help="the checkpoint of the stage before")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--bf16", action="store_true", help="faster where the CPU has AVX512-BF16")
    options = parser.parse_args()
    stage = STAGES[options.stage]
    torch.manual_seed(stage.seed)
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    examples = pq.read_table(options.examples)
    train = encode(examples.filter(pc.invert(examples["is_validation"])), options.base)
    is_watched = pc.and_(examples["is_validation"], pc.equal(examples["source"], "conversations"))
    validation = encode(examples.filter(is_watched), options.base)
    network = load_checkpoint(options.base, options.start) if options.start else MultiHeadNetwork(options.base)
    optimizer, average = make_optimizer(network), Average(network)
    for epoch in range(stage.stop_after):
        started = time.monotonic()
        loss = train_epoch(network, optimizer, average, train, stage, epoch, options.bf16)
        save_checkpoint(average.weights, options.out)
        trained = {name: value.clone() for name, value in network.state_dict().items()}
        network.load_state_dict(average.weights)
        figures = macro_f1(predict_logits(network, validation.variants[VARIANTS.index("redacted")]), validation.targets)
        network.load_state_dict(trained)
        seconds = round(time.monotonic() - started)
        print(json.dumps({"epoch": epoch, "loss": round(loss, 4), "seconds": seconds} | figures), flush=True)


if __name__ == "__main__":
    main()
