"""What the company decided: as the export says, or else as its answers read.

What is read from text is the company's answer and not the truth about the complaint.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.arithmetic.arrays import any_row, is_known, last_row
from schemas.types import TEXT
from transforms.build_cases.conversation import Conversations

# In the order in which they are tried; `unknown` is the rest.
_READ_FROM_TEXT = ("refused", "explained", "upheld", "unknown")


def read_decisions(talk: Conversations) -> dict[str, pa.Array]:
    """Give `validity`, `company_response`, `timely` and `disputed`; the last that the export says."""
    said = {
        name: talk.take(name, last_row(talk.cases, is_known(talk.messages.column(name))))
        for name in ("validity", "company_response", "timely", "disputed")
    }
    if said["validity"].null_count:
        said["validity"] = pc.coalesce(said["validity"], read_validity(talk))
    return said


def read_validity(talk: Conversations) -> pa.Array:
    """What the answers say.

    refused: one refuses, none fixes or offers; else explained: one explains, none fixes; else upheld: one
    fixes or offers; else unknown.
    """
    refuse, explain, fix, offer = (
        any_row(talk.cases, talk.shows[step]) for step in ("refuse", "explain", "fix", "offer")
    )
    tried = [refuse & ~fix & ~offer, explain & ~fix, fix | offer]
    codes = np.select(tried, list(range(len(tried))), len(tried))
    return pa.array(_READ_FROM_TEXT, TEXT).take(pa.array(codes))
