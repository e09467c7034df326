"""What each stage of the training draws from, per epoch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    """One run of `training.train`.

    Attributes:
        conversations, umsab, umsab_others, goemotions, xed: The chance of each example of a
            set to be in an epoch; `umsab` is for English and German, `umsab_others` for the rest.
        variants: How often each variant of an example is drawn: as written, with personal
            data as tags, and dressed as a tweet as well.
        epochs: The length of the schedule on which the learning rate falls to 0.
        stop_after: Epochs that are run of it.
        seed: Of dropout, new heads, and which examples an epoch draws.
    """

    conversations: float
    umsab: float
    umsab_others: float
    goemotions: float
    xed: float
    variants: tuple[float, float, float]
    epochs: int
    stop_after: int
    seed: int

    def share(self, source: str, lang: str) -> float:
        """Return the chance of an example of this source and language; 0 for other sources."""
        if source == "umsab":
            return self.umsab if lang in ("en", "de") else self.umsab_others
        return {"conversations": self.conversations, "goemotions": self.goemotions, "xed": self.xed}.get(source, 0.0)


STAGES = {
    "broad": Stage(1.0, 0.5, 0.2, 0.08, 0.08, (0.3, 0.7, 0.0), epochs=7, stop_after=4, seed=20),
    "final": Stage(1.0, 0.4, 0.05, 0.0, 0.0, (0.25, 0.35, 0.4), epochs=2, stop_after=2, seed=20),
}
"""`broad` learns tone and emotion from all sets; its rates are still high when it ends.
`final` starts from there, on the sets that the shipped heads need."""
