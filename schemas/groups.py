"""TOUCHPOINTS, CHANNELS, TEAMS: the same figures for three ways to group cases."""

from schemas.contract import Contract, column
from schemas.types import COUNT, FLAG, NUMBER, SECONDS, TEXT

_SMALL = "suppressed: fewer cases than the minimum group size, or no case has the data"

_RESOLVED = "Share of the cases that are resolved, of those whose answer is in the export."
_FIGURES = (
    column("cases", COUNT, "Cases.", unit="cases", null="suppressed: fewer cases than the minimum group size"),
    column("complaints", COUNT, "Cases that are complaints.", unit="cases", null=_SMALL),
    column(
        "first_reply_seconds_median",
        SECONDS,
        "Median of first_reply_seconds (lower median).",
        unit="seconds",
        null=_SMALL,
    ),
    column(
        "first_reply_seconds_p90",
        SECONDS,
        "90th percentile of first_reply_seconds (discrete).",
        unit="seconds",
        null=_SMALL,
    ),
    column(
        "resolution_seconds_median",
        SECONDS,
        "Median of resolution_seconds (lower median).",
        unit="seconds",
        null=_SMALL,
    ),
    column(
        "resolved_share",
        NUMBER,
        _RESOLVED,
        unit="0 to 1",
        null=_SMALL,
    ),
    column(
        "breached_share",
        NUMBER,
        "Share of the cases with a target that breached one.",
        unit="0 to 1",
        null=_SMALL,
    ),
    column(
        "fully_recovered_share",
        NUMBER,
        "Share of the graded complaints with grade full.",
        unit="0 to 1",
        null=_SMALL,
    ),
    column("fully_recovered_low", NUMBER, "Lower end of its 95 % Wilson interval.", unit="0 to 1", null=_SMALL),
    column("fully_recovered_high", NUMBER, "Upper end.", unit="0 to 1", null=_SMALL),
    column(
        "left_in_uncertainty_share",
        NUMBER,
        "Share of the cases with a known state that closed in uncertainty.",
        unit="0 to 1",
        null=_SMALL,
    ),
    column(
        "left_in_uncertainty_low",
        NUMBER,
        "Lower end of its 95 % Wilson interval.",
        unit="0 to 1",
        null=_SMALL,
    ),
    column("left_in_uncertainty_high", NUMBER, "Upper end.", unit="0 to 1", null=_SMALL),
    column(
        "left_in_amazement_share",
        NUMBER,
        "Share of the cases with a known state that closed in amazement.",
        unit="0 to 1",
        null=_SMALL,
    ),
    column(
        "perception_gap_share",
        NUMBER,
        "Share of the cases closed as solved whose customer is in uncertainty.",
        unit="0 to 1",
        null=_SMALL,
    ),
    column(
        "reopened_share",
        NUMBER,
        "Share of the cases with a status history that were reopened.",
        unit="0 to 1",
        null=_SMALL,
    ),
    column("upheld_share", NUMBER, "Share of the judged complaints that were upheld.", unit="0 to 1", null=_SMALL),
    column("is_suppressed", FLAG, "Fewer cases than the minimum group size."),
)

_STAFF = (
    column(
        "warmth_share",
        NUMBER,
        "Share of the answered complaints with a reply that shows `attitude`.",
        unit="0 to 1",
        null=_SMALL,
    ),
    column("warmth_low", NUMBER, "Lower end of its 95 % Wilson interval.", unit="0 to 1", null=_SMALL),
    column("warmth_high", NUMBER, "Upper end.", unit="0 to 1", null=_SMALL),
    column(
        "hand_offs_mean",
        NUMBER,
        "Hand-offs a case (knowledge: fewer is more).",
        unit="hand-offs",
        null=_SMALL,
    ),
    column(
        "repeated_contacts_mean",
        NUMBER,
        "Repeated contacts a case (knowledge: fewer is more).",
        unit="messages",
        null=_SMALL,
    ),
    column(
        "concrete_seconds_median",
        SECONDS,
        "Median time to the first fix or offer (authority).",
        unit="seconds",
        null=_SMALL,
    ),
)


def _group(table: str, key: str, meaning: str, *more: object) -> Contract:
    return Contract(
        name=table,
        meaning=f"one {key}",
        key=(key,),
        version="1.0",
        columns=(column(key, TEXT, meaning), *_FIGURES, *more),
    )


TOUCHPOINTS = _group("touchpoints", "touchpoint", "Product or touchpoint; `unknown` where it is not known.")
CHANNELS = _group("channels", "channel", "Channel of the first message; `unknown` where it is not known.")
TEAMS = _group("teams", "team", "Team last in charge; `unknown` where it is not known.", *_STAFF)
