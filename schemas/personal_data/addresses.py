"""ADDRESSES: what a postal address looks like: a street with its house number, then place and code.

British and Dutch postcodes count alone, for they name some fifteen households; a German, Belgian or
American code names thousands and counts only behind a street.
"""

import re

from schemas.personal_data.rule import CAPITALISED, UPPER, Family, Rule

_GAP = r"[ \u00a0]"
_BREAK = r"(?:,[ \u00a0]?| in |[ \u00a0]|,?[ \u00a0]?\n[ \u00a0]?)"
_HOUSE = rf"[0-9]{{1,4}}(?:{_GAP}?[a-zA-Z](?!\w))?(?:[/-][0-9]{{1,3}}[a-z]?)?(?:{_GAP}bus{_GAP}[0-9A-Z]{{1,4}})?"
_PLACE = (
    rf"{CAPITALISED}(?:(?:{_GAP}(?:(?:am|an der|ob der|aan den|aan de|op|bij|in|im|upon){_GAP})?"
    rf"|-){CAPITALISED}){{0,3}}"
)
_FLOOR = (
    r"(?:,? ?(?:Tür|Top|Stiege|Whg\.?) ?[0-9]{1,4}|,? ?[0-9]{1,2}\.? ?(?:OG|Stock|Etage|verdiep(?:ing)?)"
    r"(?: (?:links|rechts|mitte))?)?"
)
_NL_CODE = rf"[1-9][0-9]{{3}}{_GAP}?(?!SA|SD|SS)[A-Z]{{2}}(?![\w-])"
_CONTINENT = (
    rf"(?:{_FLOOR}{_BREAK}(?:(?:[A-Z]{{1,2}}-)?(?:{_NL_CODE}|[0-9]{{4,5}}(?![0-9]))(?:{_GAP}{_PLACE})?"
    rf"|te{_GAP}{_PLACE}))?{_FLOOR}"
)
_STREET_END = (
    r"(?:stra(?:ß|ss)e|str\.|weg|gasse|allee|platz|ring|damm|ufer|steig|stieg|pfad|kamp|wall|gürtel"
    r"|berg|graben|chaussee"
    r"|stra+t|laan|laantje|plein|gracht|kade|dijk|steeg|pad|plantsoen|singel|hof|markt|dreef|lei"
    r"|baan|wal|park|erf)"
)
_FORE = (
    r"(?:Prins(?:es)?|Koning(?:in)?|Burgemeester|Sint|Sankt|Oude|Nieuwe|Grote|Kleine|Lange|Korte|Alte"
    r"|Neue|Große|Obere|Untere)"
)
_COMPOUND = (
    rf"(?:(?:{_FORE}|{CAPITALISED}\.) ?)?(?:[{UPPER}]\w{{0,30}}\.?-){{0,3}}[{UPPER}][\w'\u2019]{{1,25}}"
    rf"?{_STREET_END}"
)
_BEFORE = (
    r"(?:Am|An der|An den|Im|In der|Auf der|Auf dem|Zum|Zur|Unter den|Rue|Avenue|Chaussée|Boulevard"
    r"|Place|Via|Rua|Op de|Aan de"
    r"|Oude|Nieuwe)"
)
_TWO_WORDS = (
    rf"(?:{_BEFORE}{_GAP}(?:(?:de|du|des|la|l'|d'|den|der){_GAP}?){{0,2}}{CAPITALISED}"
    rf"(?:[ -]{CAPITALISED}){{0,2}}"
    rf"|(?:{CAPITALISED}[ -]){{1,3}}(?:Stra(?:ß|ss)e|Str\.|Allee|Gasse|Singel|Laan|Straat|Plein)|Singel)"
)
_MAINLAND = (
    rf"(?<!\w)(?P<value>(?:{_COMPOUND}|{_TWO_WORDS}){_GAP}{_HOUSE}(?![\w%€]|[.,:/][0-9]|{_GAP}?(?:€|Uhr"
    rf"|uur|[a-z]{{2,6}}\.?{_GAP}[0-9])){_CONTINENT})"
)
_CODED = (
    rf"(?<!\w)(?P<value>{CAPITALISED}(?:[ -]{CAPITALISED}){{0,3}}{_GAP}{_HOUSE}{_FLOOR}{_BREAK}"
    rf"(?:[A-Z]{{1,2}}-)?(?:{_NL_CODE}|[0-9]{{4,5}}(?![0-9])){_GAP}{_PLACE})"
)
_ROAD = (
    r"(?:Street|St|Road|Rd|Lane|Ln|Row|Court|Ct|Grove|Rise|Cottages?|Parade|Avenue|Ave|Drive|Dr"
    r"|Close|Crescent|Terrace|Way"
    r"|Gardens|Square|Squares|Place|Pl|Mews|Hill|Walk|Wharf|Quay|Boulevard|Blvd|Circle|Highway|Hwy"
    r"|Trail|Park|View|Green)"
)
_UK_CODE = rf"[A-Z]{{1,2}}[0-9][0-9A-Z]?{_GAP}[0-9][ABD-HJLNP-UW-Z]{{2}}(?!\w)"
_US_CODE = rf"[A-Z]{{2,3}}{_GAP}[0-9]{{4,5}}(?:-[0-9]{{4}})?(?!\w)"
_ISLES = rf"(?:\.?(?:{_BREAK}{_PLACE}){{0,2}}{_BREAK}(?:{_UK_CODE}|{_US_CODE}))?"
_UNIT = rf"(?:(?:Flat|Unit|Apt\.?|Apartment|Suite|Room){_GAP}[0-9A-Z]{{1,5}},?{_GAP})?"
_ENGLISH = (
    rf"(?<![\w.,-])(?P<value>{_UNIT}[0-9]{{1,5}}[a-zA-Z]?,?{_GAP}(?:{CAPITALISED}{_GAP}){{1,4}}{_ROAD}"
    rf"(?!\w){_ISLES})"
)
_NAMED_HOUSE = (
    rf"(?<!\w)(?P<value>(?:Flat|Unit|Apt\.?|Suite|Box){_GAP}[0-9]{{1,5}}[A-Z]?,{_GAP}"
    rf"(?:[0-9]{{1,5}}{_GAP})?(?:{CAPITALISED}{_GAP}){{0,3}}{CAPITALISED}{_ISLES})"
)
_POSTCODE = rf"(?<![\w-])(?P<value>{_UK_CODE}|{_NL_CODE}{_GAP}{_PLACE})"

# What each must hold at least; street and place names as such are too large an automaton.
_BEGUN = (
    rf"{_BEFORE}{_GAP}(?:(?:de|du|des|la|l'|d'|den|der){_GAP}?){{0,2}}"
    rf"(?:[{UPPER}][^\s]{{1,60}}{_GAP}){{1,3}}[0-9]"
)
# "The Old Forge, Church Lane, Ludlow SY8 1AW": a house with a name and no number.
_HOUSE_NAME = (
    rf"(?<!\w)(?P<value>(?:{CAPITALISED}(?:{_GAP}{CAPITALISED}){{0,3}},[ \u00a0\n]){{1,3}}"
    rf"(?:{CAPITALISED}(?:{_GAP}{CAPITALISED}){{0,2}}[ \u00a0\n])?{_UK_CODE})"
)
_ESSENCES = (
    rf"(?:[{UPPER}][^\s]{{0,40}}{_STREET_END}{_GAP}[0-9]|(?:Straße|Strasse|Str\.|Allee|Gasse|Platz"
    rf"|Weg|Laan|Straat|Plein|Singel){_GAP}[0-9]|{_BEGUN})",
    rf"[0-9][a-zA-Z]?,?{_GAP}(?:[{UPPER}][^\s]{{1,40}}{_GAP}){{1,4}}{_ROAD}(?:\W|$)",
    rf"[{UPPER}][^\s]{{1,40}}{_GAP}{_HOUSE}{_FLOOR}{_BREAK}(?:[A-Z]{{1,2}}-)?[0-9]{{4}}",
    rf"(?:Flat|Unit|Apt\.?|Suite|Box){_GAP}[0-9]",
    rf"{_GAP}[A-Z]{{1,2}}[0-9][0-9A-Z]?{_GAP}[0-9][A-Z]{{2}}",
    rf"(?:[0-9A-Z]{_GAP}[0-9][A-Z]{{2}}|[0-9]{{4}}{_GAP}?[A-Z]{{2}}{_GAP}[{UPPER}])",
)

_NO_STREET = re.compile(
    r"(?i:stell|park|sitz|arbeits|spiel|stand|liege|bahn|bus|camping|fahrsteig)(?:platz|steig)[ ]|Bahnhof "
)


def _is_street(value: str) -> bool:
    return _NO_STREET.match(value) is None


ADDRESSES = Family(
    name="addresses",
    rules=tuple(
        Rule("ADDRESS", re.compile(pattern), _is_street, re.compile(essence))
        for pattern, essence in zip(
            (_MAINLAND, _ENGLISH, _CODED, _NAMED_HOUSE, _HOUSE_NAME, _POSTCODE), _ESSENCES, strict=True
        )
    ),
)
