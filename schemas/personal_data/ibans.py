"""IBANS: what a bank account number looks like.

A mistyped IBAN still names an account, so the check digits are not asked for: the country, its length
and a share of digits are. Lengths: SWIFT's IBAN registry (the tests hold them against python-stdnum's).
"""

import re

from schemas.personal_data.rule import Family, Rule, count_digits

LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29,
    "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "ES": 24, "FI": 18,
    "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28,
    "IE": 22, "IL": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LI": 21, "LT": 20,
    "LU": 20, "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18,
    "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SE": 24,
    "SI": 19, "SK": 24, "SM": 27, "TN": 24, "TR": 26, "UA": 29, "VG": 24, "XK": 20,
}  # fmt: skip
_MIN_DIGITS = 8


def _one_country(country: str, length: int) -> str:
    return rf"{country}[0-9]{{2}}(?:[ \u00a0.-]?[A-Z0-9]){{{length - 4}}}"


_PATTERN = r"(?<!\w)(?P<value>" + "|".join(_one_country(*item) for item in LENGTHS.items()) + r")(?![^\W_])"
# All countries at once are too large an automaton; any begins like the shortest, Norway's.
_ESSENCE = re.compile(r"(?<!\w)[A-Z]{2}[0-9]{2}(?:[ \u00a0.-]?[A-Z0-9]){11}", re.IGNORECASE)

IBANS = Family(
    name="ibans",
    rules=(
        Rule(
            "IBAN",
            re.compile(_PATTERN, re.IGNORECASE),
            lambda value: count_digits(value) >= _MIN_DIGITS,
            _ESSENCE,
        ),
    ),
)
