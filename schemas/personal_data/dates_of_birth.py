"""DATES_OF_BIRTH: what a date of birth looks like.

Any full date behind a word of birth; and, without one, a full date in a year in which adult customers are
born and companies rarely have orders from, unless a word such as "since" or "of" stands before it.
"""

import re

from schemas.personal_data.rule import UPPER, Family, Rule

_MONTHS = (
    r"(?:jan(?:uary|uar|uari)?|jänner|feb(?:ruary|ruar|ruari)?|mar(?:ch)?|märz|maart|mrt|apr(?:il)?"
    r"|ma[iy]|mei|june?|juni"
    r"|july?|juli|aug(?:ust|ustus)?|sep(?:t|tember)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?)"
)
_YEAR = r"(?:19|20)[0-9]{2}"
_ADULT_YEAR = r"(?:19[2-9][0-9]|200[0-7])"


def _date(year: str) -> str:
    return (
        rf"(?:[0-3]?[0-9] ?[./-] ?[0-3]?[0-9] ?[./-] ?{year}|{year}-[01][0-9]-[0-3][0-9]"
        rf"|[0-3]?[0-9](?:\.|st|nd|rd|th|e)? (?:of )?{_MONTHS}\.?,? {year}|{_MONTHS}\.? [0-3]?[0-9]"
        rf"(?:st|nd|rd|th)?,? {year})"
    )


_BIRTH = r"(?:born|d\.?o\.?b\.?|birth(?:day|date)?|geb(?:\.|oren|urtsdatum|urtstag|oortedatum|dat)?)"
_NAMED = (
    rf"(?<!\w){_BIRTH}(?!\w)[^0-9\n]{{0,40}}?(?P<value>{_date(_YEAR)}"
    rf"|[0-3]?[0-9][./-][0-3]?[0-9][./-][0-9]{{2}})(?![\w/-])"
)
_NOT_BIRTH = (
    r"(?<!since )(?<!seit )(?<!sinds )(?<!from )(?<!vom )(?<!dated )(?<!until )(?<!bis )(?<!tot )"
    r"(?<!when: )(?<!date: )"
)
_BARE = rf"(?<![\w./-]){_NOT_BIRTH}(?P<value>{_date(_ADULT_YEAR)})(?![\w/-]|[ T][0-9]{{1,2}}:)"

# "his 02/06/2015, mine 21/11/1984"; "Imogen Slade (17/08/2011)".
_WHOSE = (
    rf"(?<!\w)(?:his|hers?|mine|seins?|ihrs?|zijn|haar|"
    rf"(?-i:[{UPPER}]\w{{1,20}} [{UPPER}]\w{{1,20}}) ?\()[ ]?(?P<value>{_date(_YEAR)})(?![\w/-])"
)

DATES_OF_BIRTH = Family(
    name="dates of birth",
    rules=(
        Rule("DATE_OF_BIRTH", re.compile(_NAMED, re.IGNORECASE)),
        Rule("DATE_OF_BIRTH", re.compile(_WHOSE, re.IGNORECASE)),
        Rule("DATE_OF_BIRTH", re.compile(_BARE, re.IGNORECASE)),
    ),
)
