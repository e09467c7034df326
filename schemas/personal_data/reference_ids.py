"""REFERENCE_IDS: what the numbers of orders, bookings and cases, and those of customers, look like.

The word in front says which of the two a number is. A code of capitals and at least five digits counts as an
order's without a word; so long a number without one counts as a customer's.
"""

import re

from schemas.personal_data.rule import Family, Rule, count_digits

_CUSTOMER = (
    r"customer|client|account|acct|a/c|member(?:ship)?|policy|contract|subscription|loyalty"
    r"|frequent flyer|permit"
    r"|patient|card|kunden|kd|konto|vertrags?(?:konto)?|mitglieds?(?:chafts)?|abo(?:nnement)?s?|versicherten"
    r"|versicherungs(?:schein)?|poli[cz]z?en?|vielflieger|bonus|zähler|personal|klant(?:en)?"
    r"|rekening|lid(?:maatschaps)?"
    r"|polis|pas|personeels?|relatie|debiteuren?|patiënt|kaart"
)
_ORDER = (
    r"order|purchase order|p\.?o|booking|reservation|ref(?:erence)?|case|claim|ticket|tracking"
    r"|parcel|shipment|invoice"
    r"|rma|return|delivery|consignment|incident|complaint|confirmation|transaction|bestell(?:ung)?s?"
    r"|auftrags?"
    r"|buchungs?|reservierungs?|sendungs?(?:verfolgungs)?|vorgangs?|rechnungs?|schadens?|paket|az"
    r"|aktenzeichen|referenz"
    r"|störungs?|retouren?|bestel(?:ling)?s?|boekings?|reserverings?|zendings?|zaak|dossier|factuur"
    r"|schade|meldings?"
    r"|referentie|kenmerk|pakket|retour|aanvraag|serial|serien|serie|sn"
)
_NUMBER = r"number|no|nr|nummer"
_SUFFIX = r"(?:[ -]?(?:number|no|num|nummer|nr|id|code|ref(?:erence)?))?"
_JOIN = (
    r"\.?(?:(?: [^\W\d_]{1,15}){1,3}:| (?:is|ist|was|lautet|luidt|as|it's))?[ \u00a0]?(?:[:#=(]|no\."
    r"|nr\.)?[ \u00a0]{0,2}#?"
)
_NOT_MEASURE = (
    r"(?![^\W_]|[.,][0-9]|[ \u00a0]?(?:€|£|\$|%|eur(?:o|os)?\b|gbp\b|usd\b|chf\b|k[mg]\b|kwh\b"
    r"|uh?r\b|uur\b|[ap]m\b|min"
    r"|hours?\b|days?\b|weeks?\b|tage?\b|dagen\b|stuks?\b|stück\b|pieces?\b|euros?\b|pounds?\b|dollars?\b))"
)
# Groups of digits may follow after a space; one or two digits only where no word follows, as in
# "order 88315 12 days ago".
_MORE = r"(?:[-./][A-Za-z0-9]{1,20}|[ \u00a0][0-9]{3,6}(?!\w)|[ \u00a0][0-9]{1,2}(?!\w|[ \u00a0][a-zäöü]))"
_CODE = (
    rf"(?P<value>(?:[A-Za-z]{{1,12}}[-./]){{0,2}}[A-Za-z]{{0,12}}[0-9][A-Za-z0-9]{{0,30}}{_MORE}{{0,6}}"
    rf"|[A-Z]{{1,4}} [0-9]{{2,6}}{_MORE}{{0,6}})"
)
_SHAPE = (
    r"(?<![\w@#/.:?=&+-])(?P<value>[A-Z]{1,4} [0-9]{3} [0-9]{3}|"
    r"(?=[A-Z0-9-]{0,20}[A-Z])[A-Z0-9]{1,20}(?:-[A-Z0-9]{1,12}){0,4})"
    r"(?![\w@/-]|[.,][0-9])"
)
# "KJ4M2P": a booking code of an airline: six characters, letters and digits mixed.
_AIRLINE = r"(?<![\w@#/.:?=&+-])(?P<value>[A-Z](?=[A-Z0-9]{0,4}[0-9][A-Z])[A-Z0-9]{4}[A-Z0-9])(?![\w@/-]|[.,][0-9])"
# "HF-SWAP-7714": three groups.
_TRIPLE = r"(?<![\w@#/.:?=&+-])(?P<value>[A-Z]{1,6}-[A-Z0-9]{2,8}-[A-Z0-9]{2,8})(?![\w@/-]|[.,][0-9])"
_GROUPED = r"(?<![\w@#/.:,?=&+-])(?P<value>[0-9]{1,6}-[0-9]{2,8}(?:-[0-9A-Z]{1,8}){0,3})(?![\w/-]|[.,][0-9])"
_LONG = (
    r"(?<![\w@#/.:,?=&+€£$-])(?P<value>[0-9](?:[ \u00a0]?[0-9]){8,21})(?![\w/-]|[.,][0-9]|[ \u00a0]?(?:€"
    r"|£|\$|%))"
)
_YEAR_OR_DATE = re.compile(
    r"(?:[X0-9]{2}/){2}[X0-9]{2,4}|(?:19|20)[0-9]{2}(?:[-/](?:[0-9]{2}|(?:19|20)[0-9]{2}))?"
    r"|[0-3]?[0-9][./-][01]?[0-9][./-](?:19|20)?[0-9]{2}"
    r"|(?:19|20)[0-9]{2}[./-][01]?[0-9][./-][0-3]?[0-9]|[0-9]{1,2}[.][0-9]{2}"
)
_BOOKING = re.compile(r"(?=[A-Z]*[0-9])(?=[0-9]*[A-Z])[A-Z0-9]{5,8}")


def _is_code(value: str) -> bool:
    if _YEAR_OR_DATE.fullmatch(value):
        return False
    return count_digits(value) >= 4 or _BOOKING.fullmatch(value) is not None


def _has_five_digits(value: str) -> bool:
    return count_digits(value) >= 5 and _YEAR_OR_DATE.fullmatch(value) is None


def _has_seven_digits(value: str) -> bool:
    return count_digits(value) >= 7 and _YEAR_OR_DATE.fullmatch(value) is None


def _named(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![^\W_])(?i:(?:{words}){_SUFFIX}{_JOIN})(?<![^\W_]){_CODE}(?i:{_NOT_MEASURE})")


REFERENCE_IDS = Family(
    name="reference ids",
    rules=(
        Rule("CUSTOMER_ID", _named(_CUSTOMER), _is_code),
        Rule("ORDER_ID", _named(_ORDER), _is_code),
    ),
)

_FIVE_DIGITS = re.compile(r"(?:(?:[0-9][A-Z-]{0,40}){4}[0-9]|[A-Z] [0-9]{3} [0-9]{3})")

BARE_IDS = Family(
    name="bare ids",
    rules=(
        Rule("ORDER_ID", _named(_NUMBER), _is_code),
        Rule("ORDER_ID", re.compile(_SHAPE), _has_five_digits, _FIVE_DIGITS),
        Rule("ORDER_ID", re.compile(_AIRLINE), essence=re.compile(r"[A-Z][A-Z0-9]{0,4}[0-9][A-Z]")),
        Rule("ORDER_ID", re.compile(_TRIPLE), lambda value: count_digits(value) >= 4),
        Rule("CUSTOMER_ID", re.compile(_GROUPED), _has_seven_digits),
        Rule("CUSTOMER_ID", re.compile(_LONG)),
    ),
)
