"""TABLES: every table that a run publishes, by name."""

from schemas.cases import CASES
from schemas.contract import Contract
from schemas.customers import CUSTOMERS
from schemas.groups import CHANNELS, TEAMS, TOUCHPOINTS
from schemas.journeys import JOURNEYS
from schemas.messages import MESSAGES
from schemas.quality import QUALITY
from schemas.recovery_loyalty import RECOVERY_LOYALTY
from schemas.rejects import REJECTS
from schemas.sentiment_daily import SENTIMENT_DAILY
from schemas.state_transitions import STATE_TRANSITIONS

TABLES: dict[str, Contract] = {
    contract.name: contract
    for contract in (
        MESSAGES,
        CASES,
        JOURNEYS,
        CUSTOMERS,
        RECOVERY_LOYALTY,
        STATE_TRANSITIONS,
        SENTIMENT_DAILY,
        TOUCHPOINTS,
        CHANNELS,
        TEAMS,
        REJECTS,
        QUALITY,
    )
}
