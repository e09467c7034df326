"""PERSONS: what a name of a person looks like, which is known only by what stands beside it.

A name counts behind a title, a greeting, a farewell, an introduction or a signature mark, alone on a line,
and beside other personal data. A name in the middle of a sentence without any of these is not found.
"""

import re

from schemas.personal_data.names import NO_NAME_ENDS, NO_NAMES
from schemas.personal_data.rule import CAPITALISED, KINDS, LETTER, UPPER, Family, Rule

_GAP = r"[ \u00a0]"
_PARTICLE = r"(?:[vV]an|[vV]on|[dD]er?|[dD]en|[tT]en|[tT]er|[hH]et|'t|zu|di|del|[eE]l|[aA]l|la|le)"
_WORD = rf"{CAPITALISED}(?:-{CAPITALISED}){{0,2}}"
_INITIALS = rf"(?:[{UPPER}]\.{_GAP}?){{1,4}}"
_REST = rf"(?:{_GAP}(?:{_PARTICLE}{_GAP}){{0,2}}{_WORD}){{0,3}}"
# Lower-case titles that are also words of another language ("dr" Swiss, "mag" and "ir" Dutch) need their dot.
_TITLE = (
    r"(?:(?i:mrs?|ms|mx|prof|fam|mevr|mw|dhr|drs)\.?|Dr\.?|dr\.|[Ii]r\.|[Ii]ng\.|Mag\.|Dipl\.-Ing\."
    r"|(?i:miss|professor|herrn?|frau|familie|mevrouw|meneer|mijnheer|heer|nurse|captain|driver"
    r"|dokter|doktor|schwester"
    r"|conducteur|juffrouw|mme|madame|monsieur|bezorger|receptioniste?|stewardess|steward|monteur"
    r"|nachtportier))"
)
_TITLES = rf"(?:{_TITLE}{_GAP}){{0,3}}"
_NAME = rf"(?P<value>(?:{_INITIALS})?(?:{_PARTICLE}{_GAP}){{0,2}}{_WORD}{_REST})(?!\w|-\w)"
_FULL = (
    rf"(?P<value>(?:{_INITIALS}(?:{_PARTICLE}{_GAP}){{0,2}}{_WORD}"
    rf"|{_WORD}{_GAP}(?:{_PARTICLE}{_GAP}){{0,2}}(?:[{UPPER}]\.?{_GAP})?{_WORD}){_REST})(?!\w|-\w)"
)
_STOP = r"(?=[ ]?(?:[,.!?:;\n\r…\u2013]|-[ ]|$|\[|\())"

# "Liebe", "Beste" and "Lieve" are also adjectives: they greet only with a capital.
_GREETING = (
    r"(?:(?i:dear|hi|hey|hello|hiya|good (?:morning|afternoon|evening)|hallo|hoi|hai|goede(?:morgen"
    r"|middag|navond|ndag)"
    r"|guten (?:tag|morgen|abend)|moin|servus|grüezi|grüß (?:dich|sie)|thanks|thank you|cheers"
    r"|danke?|dankeschön|vielen dank"
    r"|dank (?:je|u)(?: wel)?|bedankt|merci|sorry)|Dag|Beste|Lieve|Liebe[rs]?)"
)
_FAREWELL = (
    r"(?i:regards|rgds|sincerely|faithfully|truly|yours|cheers|thanks(?: in advance| again)?"
    r"|thank you|best|best wishes|warmly"
    r"|love|grü(?:ß|ss)e|gru(?:ß|ss)|grü(?:ß|ss)en|mfg|lg|vg|hochachtungsvoll|danke?(?: im voraus"
    r"| und gru(?:ß|ss))?"
    r"|groet(?:en|jes)?|gr|mvg|hoogachtend|hoogachting|(?:alvast )?bedankt|dank)"
)
_INTRODUCTION = (
    r"(?:(?i:my name is|name's|name is|name:|this is|i'm|i am|it's|it is|speaking with|ask for"
    r"|signed by|(?<!I )(?<!We )called|named"
    r"|in the name of|under the name|account holder|bravo to|shout-?out (?:to|naar)|danke an"
    r"|dank aan|mein name ist|ich heiße"
    r"|sie sprechen mit|du schreibst mit|auf den namen|kontoinhaber(?:in)?|zu h[aä]nden|z\.? ?hd\."
    r"|mijn naam is|ik heet"
    r"|ik ben|spreekt? met|t\.?n\.?v\.?|op naam van|genaamd|namens|hallo,? met|ja,? met|de naam is"
    r"|ene|attn:?|c/o"
    r"|(?:my|your|our|his|her) (?:son|daughter|wife|husband|mother|father|brother|sister|mum|dad"
    r"|colleague|manager)"
    r"|(?:mijn|mn|m'n|uw|je|onze|jullie) (?:zoon|dochter|vrouw|man|moeder|vader|broer|zus|collega)"
    r"|(?:meine?|ihre?|unsere?|seine?)[nmr]? (?:sohn|tochter|mutter|vater|bruder|schwester|gro(?:ß"
    r"|ss)mutter|kolleg(?:en?|in)))"
    r"|^[Mm]et)"
)
_SPOKEN = r"(?:(?i:mein name|am apparat)(?!\w)|(?:hier|here|speaking)[,.!])"
_NUMBER = r"(?:[+(]{1,2}[0-9]{2}|0[0-9]{2,4}[ /-]?[0-9]{2}|[0-3]?[0-9][./-][01]?[0-9][./-][12][0-9]{3})"
_BESIDE = r"(?:\[(?:" + "|".join(kind for kind in KINDS if kind != "PERSON") + r")\]|[\w.+-]{1,64}@\w)"
_ID_WORD = (
    r"(?i:booking|account|customer|member|abonnement|contractnummer|ordernummer|klantnr|mitglied"
    r"|kundennr|tel|mobil|geb|born)"
)
_LINE_END = r"(?=[ ]*(?:\r?\n|$))"
_WEB = r"(?:https?://\S{1,200}\s*)?"


_IS_TITLE = re.compile(_TITLE)


def _is_name(value: str) -> bool:
    words = [word.strip(".") for word in value.split()]
    if len(words) > 1 and re.fullmatch(_PARTICLE, words[0]):
        words = words[1:]
    if any(_IS_TITLE.fullmatch(word) for word in value.split()):
        return False
    return not (
        value.isupper() or value.lower().endswith(NO_NAME_ENDS) or NO_NAMES.intersection(words) or "XX" in value
    )


# What a text must hold at least: a name begins with a capital, behind titles and particles.
_BEGIN = rf"(?:(?:{_TITLE}|{_PARTICLE}){_GAP}){{0,5}}[{UPPER}]"
_PAIR = rf"[{UPPER}][^\s]{{0,40}}{_GAP}?(?:{_PARTICLE}{_GAP}){{0,2}}(?:[{UPPER}]\.?{_GAP})?[{UPPER}]{LETTER}"


def _person(pattern: str, essence: str | None = None) -> Rule:
    return Rule("PERSON", re.compile(pattern), _is_name, None if essence is None else re.compile(essence))


def _behind(before: str, after: str = "") -> Rule:
    """A name behind something; the essence ends with the name's first letter."""
    return _person(rf"(?<![^\W_]){before}{_TITLES}{_NAME}{after}", rf"(?<![^\W_]){before}{_BEGIN}")


# In families of few rules: the hints of all at once are too large an automaton for RE2 to keep in its cache.
GREETED = Family(
    name="persons greeted",
    rules=(_behind(f"{_TITLE}{_GAP}"), _behind(f"{_GREETING},?{_GAP}", _STOP)),
    needs_digit=False,
)
INTRODUCED = Family(
    name="persons introduced",
    rules=(
        _behind(f"{_INTRODUCTION}{_GAP}"),
        _person(rf"(?<![\w@]){_NAME},?[ ]{_SPOKEN}", rf"[^\s],?[ ]{_SPOKEN}"),
    ),
    needs_digit=False,
)
SIGNED = Family(
    name="persons signed",
    rules=(
        _behind(
            rf"{_FAREWELL}[,.!]?(?:{_GAP}|\r?\n){{1,3}}(?i:(?:ihre?|van|from|je|jullie){_GAP})?",
            r"(?=[ ]?(?:[,.!]?(?:\s*$|\r?\n)|,|\[))",
        ),
        _person(
            rf"(?<![^\W_])(?:Ihre?|Uw|Yours)(?:{_GAP}|\r?\n){{1,2}}{_TITLES}{_FULL}(?=\s*$)",
            rf"(?<![^\W_])(?:Ihre?|Uw|Yours)(?:{_GAP}|\r?\n){{1,2}}[^\s]{{1,99}}{_GAP}[^\n]{{1,80}}(?=\s*$)",
        ),
    ),
    needs_digit=False,
)
# "^Tasha", "-Moe", "/kim"; two capitals are initials and name no one.
MARKED = Family(
    name="persons marked",
    rules=(
        _person(
            rf"(?:(?<=\s)|(?<=^))[\^/~\u2013-][ ]?(?P<value>[{UPPER}][a-zß-öø-ÿ]{LETTER}{{0,30}}|"
            rf"(?<=[/^-])[a-z]{{3,12}})(?=[ ]*{_WEB}$)"
        ),
    ),
    needs_digit=False,
)
ALONE = Family(
    name="persons alone",
    rules=(
        _person(
            rf"(?:^|\n)[ ]?{_TITLES}{_FULL}{_LINE_END}",
            rf"(?:^|\n)[ ]?{_TITLES}{_PAIR}[^\n.!?]{{0,80}}{_LINE_END}",
        ),
        _person(
            rf"(?<=[.!?…]\s){_TITLES}{_FULL}(?=\s*$)",
            rf"(?<=[.!?…]\s){_TITLES}{_PAIR}[^\n.!?]{{0,80}}(?=\s*$)",
        ),
        _person(
            rf"(?<=\n\n){_NAME}(?=\s*$)",
            rf"(?<=\n\n)(?:{_PARTICLE}{_GAP}){{0,2}}[{UPPER}][^\n,!?0-9]{{1,99}}(?=\s*$)",
        ),
    ),
    needs_digit=False,
)
BESIDE = Family(
    name="persons beside other data",
    rules=(
        _person(
            rf"(?<![\w@]){_FULL}(?=,?[ ]?{_BESIDE}|,[ ]?(?:{_ID_WORD}|{_NUMBER}))",
            rf"{LETTER}(?=,?[ ]?{_BESIDE}|,[ ]?(?:{_ID_WORD}|{_NUMBER}))",
        ),
        _person(rf"(?:(?<=^)|(?<=[.!?:…]\s)){_NAME}(?=,[ ]?{_NUMBER})", rf"{LETTER}(?=,[ ]?{_NUMBER})"),
    ),
    needs_digit=False,
)
PERSONS = (GREETED, INTRODUCED, SIGNED, MARKED, ALONE, BESIDE)
