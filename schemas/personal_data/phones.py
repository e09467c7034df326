"""PHONES: what a telephone number looks like, at home and abroad."""

import re

import phonenumbers

from schemas.personal_data.rule import Family, Rule, keep_digits

_GAP = r"[ \u00a0().\-\u2013/]{0,3}"
_END = r"(?![\w@]|[.,:/-][0-9])"
_START = r"(?<![\w@#+-])(?<![0-9][.,:/ \u00a0])"
# With a country code: + or 00 in front.
_ABROAD = rf"{_START}(?P<value>\(?(?:\+|00)[ \u00a0]?[1-9](?:{_GAP}[0-9]){{6,14}}(?:x[0-9]{{1,6}})?){_END}"
# With the trunk prefix: one 0 in front.
_AT_HOME = rf"{_START}(?P<value>\(?0[1-9](?:{_GAP}[0-9]){{7,10}}){_END}"
# North America: three, three and four digits. India: five and five.
_NANP = (
    rf"{_START}(?P<value>(?:1[-. ])?(?:\([2-9][0-9]{{2}}\) ?"
    rf"|[2-9][0-9]{{2}}[-. ])[2-9][0-9]{{2}}[-. ][0-9]{{4}}(?:x[0-9]{{1,6}})?){_END}"
)
_INDIA = rf"{_START}(?P<value>[6-9][0-9]{{4}}[ -][0-9]{{5}}){_END}"
_WORDS = (
    r"(?:tel(?:efoon|efon|ephone)?(?:nummer|nr)?|phone(?: number)?|mobile?|mobiel|handy(?:nummer)?"
    r"|fax|durchwahl|desk"
    r"|office|whatsapp|gsm|(?:call|ring|reach|text|phone) (?:me|us|him|her|someone)?(?: back)?"
    r"(?: direct(?:ly)?)?"
    r"|answering|messages|bel(?:len)?(?: mij| me)?|anruf(?:en)?|nummere?)"
)
_NAMED = (
    rf"(?<!\w){_WORDS}(?:\.|:|,| is| ist| on| at| to| op| unter| auf)?[:#\s]{{1,3}}(?P<value>["
    rf"(+]{{0,2}}[0-9](?:{_GAP}[0-9]){{5,14}}(?:x[0-9]{{1,6}})?){_END}"
)
_DATE = re.compile(
    r"(?:[0-3]?[0-9][./-][0-1]?[0-9][./-](?:19|20)?[0-9]{2}|(?:19"
    r"|20)[0-9]{2}[./-][01]?[0-9][./-][0-3]?[0-9])\b"
)


def _is_abroad(value: str) -> bool:
    digits = keep_digits(value.replace("(0)", "").partition("x")[0])
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(f"+{digits.removeprefix('00')}"))
    except phonenumbers.NumberParseException:
        return False


def _is_no_date(value: str) -> bool:
    return _DATE.match(value) is None


PHONES = Family(
    name="phones",
    rules=(
        Rule("PHONE", re.compile(_ABROAD), _is_abroad),
        Rule("PHONE", re.compile(_AT_HOME), _is_no_date),
        Rule("PHONE", re.compile(_NANP)),
        Rule("PHONE", re.compile(_INDIA)),
        Rule("PHONE", re.compile(_NAMED, re.IGNORECASE), _is_no_date),
    ),
)
