"""TAX_IDS: what the number by which a state knows a person or firm looks like.

BSN and RSIN, Steuer-ID, Sozialversicherungsnummer, AHV, rijksregisternummer, NINO, SSN, VAT ids, GSTIN,
ABN, TFN. A number behind one of these names counts whatever its check digits say, for a mistyped one
still points at a person; a bare number must have the shape of its kind or pass its check digits.
"""

import re

from stdnum.de import idnr
from stdnum.nl import bsn

from schemas.personal_data.rule import Family, Rule, count_digits, keep_digits

_NAMES = (
    r"bsn|burgerservicenummer|sofi-?nummer|rsin|btw-?(?:nummer|nr|id)|ust-?id(?:nr)?|uid|steuer-?"
    r"(?:id|nummer|nr)"
    r"|steuer(?:liche )?-?identifikationsnummer|id-?nr|sv-?(?:nr|nummer)|sozialversicherungs-?(?:nummer|nr)"
    r"|ahv(?:-?(?:nr|nummer))?|rijksregister(?:nummer)?|insz|niss|ssn|social security"
    r"|national insurance|nino?|ni(?= number| no)"
    r"|tax(?:payer)? (?:file |id |identification |ref(?:erence)? )?(?:number|no|id)|tfn|vat|utr|gstin|abn|pps"
)
_JOIN = (
    r"(?:[- ](?:number|no|nummer|nr|id|code))?\.?[. \u00a0:#]{0,3}(?:[^0-9\n]{0,40}?(?:it's|it is|is|ist"
    r"|was|lautet) )?"
)
_NAMED = (
    rf"(?<!\w)(?:{_NAMES}){_JOIN}"
    r"(?P<value>[A-Z]{0,4}[ \u00a0]?[0-9](?:[ \u00a0./-]?(?:[0-9]|[A-Z](?![a-z]))){5,17})(?!\w)"
)
_NINO = (
    r"(?<!\w)(?P<value>[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]{0,1}[ \u00a0]?(?:[0-9]{2}[ \u00a0]?){3}[A-D])"
    r"(?!\w)"
)
_SSN = r"(?<![\w-])(?P<value>(?!000|666)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4})(?![\w-])"
_NISS = r"(?<![\w.])(?P<value>[0-9]{2}\.(?:0[1-9]|1[0-2])\.[0-3][0-9]-[0-9]{3}\.[0-9]{2})(?!\w)"
_AHV = r"(?<![\w.])(?P<value>756\.[0-9]{4}\.[0-9]{4}\.[0-9]{2})(?!\w)"
_GSTIN = r"(?<!\w)(?P<value>[0-3][0-9][A-Z]{5}[0-9]{4}[A-Z][0-9A-Z]Z[0-9A-Z])(?!\w)"
_BARE = r"(?<![\w.,/+-])(?P<value>[0-9]{9}|[0-9]{2} ?(?:[0-9]{3} ?){2}[0-9]{3})(?![\w/-]|[.,][0-9])"


def _is_tax_id(value: str) -> bool:
    digits = keep_digits(value)
    return bsn.is_valid(digits) if len(digits) == 9 else idnr.is_valid(digits)


TAX_IDS = Family(
    name="tax ids",
    rules=(
        Rule("TAX_ID", re.compile(_NAMED, re.IGNORECASE), lambda value: count_digits(value) >= 6),
        *(Rule("TAX_ID", re.compile(shape)) for shape in (_NINO, _SSN, _NISS, _AHV, _GSTIN)),
        Rule("TAX_ID", re.compile(_BARE), _is_tax_id),
    ),
)
