"""What personal data looks like: one kind a file, strongest first.

Where two findings overlap, the one whose family stands first wins.
"""

from schemas.personal_data.addresses import ADDRESSES
from schemas.personal_data.cards import CARDS
from schemas.personal_data.dates_of_birth import DATES_OF_BIRTH
from schemas.personal_data.emails import EMAILS
from schemas.personal_data.ibans import IBANS
from schemas.personal_data.licence_plates import LICENCE_PLATES
from schemas.personal_data.persons import PERSONS
from schemas.personal_data.phones import PHONES
from schemas.personal_data.reference_ids import BARE_IDS, REFERENCE_IDS
from schemas.personal_data.rule import KINDS, TAG, TAGS, Family, Rule
from schemas.personal_data.tax_ids import TAX_IDS

FAMILIES = (
    EMAILS, IBANS, TAX_IDS, CARDS, DATES_OF_BIRTH, LICENCE_PLATES, REFERENCE_IDS, PHONES, ADDRESSES, BARE_IDS,
    *PERSONS,
)  # fmt: skip

__all__ = ["FAMILIES", "KINDS", "TAG", "TAGS", "Family", "Rule"]
