"""QUALITY_CELLS: counters before they are added up."""

from schemas.contract import Contract, column
from schemas.quality import QUALITY
from schemas.types import COUNT

QUALITY_CELLS = Contract(
    name="quality_cells",
    meaning="one counter, before it is added up; never stored",
    key=("scope", "item", "counter"),
    version="1.0",
    columns=(
        *QUALITY.columns[:3],
        column("value", COUNT, "How many."),
    ),
)
