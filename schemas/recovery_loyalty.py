"""RECOVERY_LOYALTY: the headline, what follows on each grade of recovery."""

from schemas.contract import Contract, column
from schemas.types import COUNT, FLAG, NUMBER, TEXT

_NOT_ESTIMABLE = "not estimable"
_NONE = "no case has the outcome's data, or the group is suppressed"
_NO_INTERVAL = _NONE + ", or a single case of a mean"

RECOVERY_LOYALTY = Contract(
    name="recovery_loyalty",
    meaning="one outcome at one horizon, in one segment, after one grade of recovery",
    key=("outcome", "horizon_days", "segment", "recovery_grade"),
    version="1.0",
    columns=(
        column(
            "outcome",
            TEXT,
            "came_back, churned, complained_again, purchases, revenue, return_intent, advocacy, "
            "churn_intent, disputed; and csat, nps, which are satisfaction and not loyalty.",
        ),
        column("kind", TEXT, "loyalty, intent, satisfaction or dispute."),
        column("horizon_days", COUNT, "Days after the landmark; 0 for outcomes without a horizon.", unit="days"),
        column("segment", TEXT, "Customer segment; `all` for everybody, `unknown` where it is not known."),
        column(
            "recovery_grade",
            TEXT,
            "none, partial or full; unknown for complaints without a grade, where their outcome is known.",
        ),
        column("n", COUNT, "Complaints with the outcome's data.", unit="cases"),
        column(
            "n_excluded",
            COUNT,
            "Complaints of the group without it: horizon not over, left before the landmark, "
            "customer or data not known.",
            unit="cases",
        ),
        column(
            "raw_rate",
            NUMBER,
            "Share of the cases with the outcome; the mean for counts, money and scores.",
            unit="0 to 1, or the outcome's unit",
            null=_NONE,
        ),
        column(
            "raw_low",
            NUMBER,
            "Lower end of the 95 % interval: Wilson for shares, normal for means.",
            unit="as raw_rate",
            null=_NO_INTERVAL,
        ),
        column("raw_high", NUMBER, "Upper end.", unit="as raw_rate", null=_NO_INTERVAL),
        column("effect", NUMBER, "Adjusted difference to grade none.", unit="as raw_rate", null=_NOT_ESTIMABLE),
        column("effect_low", NUMBER, "Lower end of its 95 % interval.", unit="as raw_rate", null=_NOT_ESTIMABLE),
        column("effect_high", NUMBER, "Upper end.", unit="as raw_rate", null=_NOT_ESTIMABLE),
        column(
            "overlap",
            NUMBER,
            "Share of the cases in strata where both grades occur.",
            unit="0 to 1",
            null=_NOT_ESTIMABLE,
        ),
        column(
            "e_value",
            NUMBER,
            "How strong a hidden confounder would have to be to explain the effect away.",
            unit="risk ratio",
            null=_NOT_ESTIMABLE,
        ),
        column("estimable", FLAG, "Whether an adjusted effect is published."),
        column("reason", TEXT, "Why not.", null="estimable"),
    ),
)
