"""The network: one encoder, mean pooling, one linear layer per head."""

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import BertModel

from training.labels import HEADS, Head

CHECKPOINT_FILE = "checkpoint.safetensors"
MASKED = -1.0


class MultiHeadNetwork(nn.Module):
    """Encoder with heads; `forward` gives one tensor of logits per head.

    Input: `input_ids` and `attention_mask`, int64 of shape (rows, tokens).
    Output: head name -> float32 logits of shape (rows, labels of the head).
    """

    def __init__(self, base: Path, heads: tuple[Head, ...] = HEADS, dropout: float = 0.1) -> None:
        super().__init__()
        self.encoder = BertModel.from_pretrained(
            base, add_pooling_layer=False, dtype=torch.float32, local_files_only=True
        )
        # The vocabulary's matrix is half of all weights, and the training sets touch little
        # of it: frozen, rare words keep their place beside the frequent ones.
        self.encoder.embeddings.word_embeddings.weight.requires_grad_(False)
        width = self.encoder.config.hidden_size
        self.dropout = nn.Dropout(dropout)
        self.heads = nn.ModuleDict({head.name: nn.Linear(width, len(head.labels)) for head in heads})

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the logits of every head."""
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        pooled = (hidden * mask).sum(1) / mask.sum(1)
        pooled = self.dropout(pooled)
        return {name: layer(pooled).float() for name, layer in self.heads.items()}


def head_loss(head: Head, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the head's loss over one batch, masked and divided by the batch's row count.

    `targets` has the logits' shape: 0/1 per label, or `MASKED` throughout where the
    row is not annotated for this head. Dividing by all rows, and not by the annotated
    ones, gives each annotation the same pull whatever else stands in the batch.
    """
    is_annotated = targets[:, 0] != MASKED
    if not bool(is_annotated.any()):
        return logits.sum() * 0.0
    logits, wanted = logits[is_annotated], targets[is_annotated]
    if head.is_multi:
        # Labels are rare (5 to 15 %): a found one weighs as much as two absent ones.
        weight = torch.full((wanted.shape[1],), 2.0)
        loss = nn.functional.binary_cross_entropy_with_logits(logits, wanted, pos_weight=weight, reduction="sum")
    else:
        loss = nn.functional.cross_entropy(logits, wanted.argmax(1), label_smoothing=0.05, reduction="sum")
    return head.weight * loss / len(targets)


def save_checkpoint(weights: dict[str, torch.Tensor], folder: Path) -> None:
    """Write the weights as safetensors; shared or strided tensors are made plain first."""
    plain = {name: tensor.detach().clone().contiguous() for name, tensor in weights.items()}
    save_file(plain, folder / CHECKPOINT_FILE)


def load_checkpoint(base: Path, folder: Path) -> MultiHeadNetwork:
    """Return the network with the weights of `folder`, in evaluation mode."""
    network = MultiHeadNetwork(base)
    network.load_state_dict(load_file(folder / CHECKPOINT_FILE))
    return network.eval()
