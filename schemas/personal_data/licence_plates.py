"""LICENCE_PLATES: what a vehicle's registration looks like.

Those of Germany, Austria, Switzerland, the Netherlands, Belgium, the United Kingdom, Ireland and India
by their shape; any other only behind a word for a plate.
"""

import re

from schemas.personal_data.rule import Family, Rule, count_digits

_START = r"(?<![\w.-])"
_END = r"(?![\w-]|[.,][0-9])"
_DE = r"[A-ZÄÖÜ]{1,3}-[A-ZÄÖÜ]{1,2} ?[1-9][0-9]{0,3}[EH]?"
_AT = r"(?:[A-Z]{1,2}-[1-9][0-9]{2,4} ?[A-Z]{1,2}|[A-Z]{1,2} [1-9][0-9]{2,4} [A-Z]{1,2})"
_CONSONANT = "[B-DF-HJ-NP-TV-XZ]"
# The Dutch plates have three groups, of letters or digits, six characters in all (sidecodes 1 to 14).
_NL = "|".join(
    sidecode.replace("x", _CONSONANT).replace("9", "[0-9]")
    for sidecode in (
        "xx-99-99", "99-99-xx", "99-xx-99", "xx-99-xx", "xx-xx-99", "99-xx-xx", "99-xxx-9", "9-xxx-99",
        "xx-999-x", "x-999-xx", "xxx-99-x", "x-99-xxx", "9-xx-999", "999-xx-9",
    )
)  # fmt: skip
_BE = r"[1-9]-[A-Z]{3}-[0-9]{3}"
_CH = r"(?:AG|AI|AR|BE|BL|BS|FR|GE|GL|GR|JU|LU|NE|NW|OW|SG|SH|SO|SZ|TG|TI|UR|VD|VS|ZG|ZH) [0-9]{1,3} ?[0-9]{3}"
_IE = r"[0-9]{2,3}-[A-Z]{1,2}-[0-9]{1,6}"
_UK = r"[A-Z]{2}[0-9]{2} ?[A-HJ-PR-Z]{3}"
_IN = r"[A-Z]{2}[ -][0-9]{1,2}[ -][A-Z]{1,3}[ -][0-9]{4}"
_WORDS = (
    r"(?:(?:licen[cs]e|number) ?plate|plate|reg(?:istration|o)?|kennzeichen|nummernschild|kenteken"
    r"|nummerplaat"
    r"|fahrzeug|vehicle|bike|car)"
)
_JOIN = (
    r"(?:(?: number| no| nr)?\.?(?: is| ist| was| its| it's| on your charge slip)?[ :?,(]{1,3}){1,2}"
    r"(?:its |it's )?"
)
_ANY = r"(?P<value>[A-Z0-9ÄÖÜ]{1,4}(?:[ \u00a0-][A-Z0-9]{1,4}){1,3}|[A-Z0-9]{5,8})"


def _is_mixed(value: str) -> bool:
    return count_digits(value) >= 2 and any(character.isalpha() for character in value)


LICENCE_PLATES = Family(
    name="licence plates",
    rules=(
        Rule(
            "LICENCE_PLATE",
            re.compile(rf"{_START}(?P<value>{_DE}|{_NL}|{_BE}|{_CH}|{_IE}|{_UK}|{_IN}){_END}"),
        ),
        Rule("LICENCE_PLATE", re.compile(rf"(?<!\w)(?i:{_WORDS}){_JOIN}{_ANY}{_END}"), _is_mixed),
        Rule("LICENCE_PLATE", re.compile(rf"{_START}(?P<value>{_AT}){_END}")),
    ),
)
