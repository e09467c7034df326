"""IDENTITIES: which channel ids are the same customer."""

from schemas.contract import Contract, column
from schemas.types import TEXT

IDENTITIES = Contract(
    name="identities",
    meaning="one id of a customer on one channel; never stored",
    key=("channel_customer_id",),
    version="1.0",
    columns=(
        column("channel_customer_id", TEXT, "The id by which a channel's export knows the customer."),
        column("customer_id", TEXT, "The company's own id of the customer."),
    ),
)
