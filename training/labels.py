"""The heads that are trained: those of the contract, and two auxiliary ones."""

from dataclasses import dataclass

from schemas.labels import SENTIMENTS, SIGNALS, STATES, STEPS


@dataclass(frozen=True)
class Head:
    """One output of the network.

    `is_multi` heads have one independent yes/no per label (sigmoid); others
    have exactly one label (softmax). `weight` scales the head's loss. `is_shipped`
    is False for auxiliary tasks, which only help the encoder to learn.
    """

    name: str
    labels: tuple[str, ...]
    is_multi: bool
    weight: float
    is_shipped: bool = True


GOEMOTIONS = (
    "admiration amusement anger annoyance approval caring confusion curiosity desire "
    "disappointment disapproval disgust embarrassment excitement fear gratitude grief joy love "
    "nervousness optimism pride realization relief remorse sadness surprise neutral"
)
XED = "anger anticipation disgust fear joy sadness surprise trust"

HEADS = (
    Head("sentiment", tuple(SENTIMENTS), is_multi=False, weight=1.0),
    Head("state", tuple(STATES), is_multi=False, weight=1.0),
    Head("signals", tuple(SIGNALS), is_multi=True, weight=1.0),
    Head("steps", tuple(STEPS), is_multi=True, weight=1.0),
    Head("goemotions", tuple(GOEMOTIONS.split()), True, 0.5, is_shipped=False),
    Head("xed", tuple(XED.split()), True, 0.3, is_shipped=False),
)
SHIPPED = tuple(head for head in HEADS if head.is_shipped)
