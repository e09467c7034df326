"""CARDS: what a payment card's number looks like.

Thirteen to nineteen digits whose Luhn sum is right; or, since people mistype, sixteen digits in fours, or
any such number behind a word for a card.
"""

import re

from stdnum import luhn

from schemas.personal_data.rule import Family, Rule, keep_digits

_NUMBER = r"(?P<value>[1-6](?:[ \u00a0-]?[0-9]){12,18})(?![\w-]|[.,][0-9])"
_FOURS = (
    r"(?P<value>[3-6][0-9]{3}(?:(?:[ \u00a0-][0-9]{4}){3}|[ \u00a0-][0-9]{6}[ \u00a0-][0-9]{5}))(?![\w-]"
    r"|[.,][0-9])"
)
_WORDS = r"(?:card|cc|visa|mastercard|amex|maestro|kaart|creditcard|karte|kreditkarte|creditcardnummer)"

CARDS = Family(
    name="cards",
    rules=(
        Rule("CARD", re.compile(rf"(?<![\w+.,-]){_NUMBER}"), lambda value: luhn.is_valid(keep_digits(value))),
        Rule("CARD", re.compile(rf"(?<![\w+.,-]){_FOURS}")),
        Rule(
            "CARD",
            re.compile(rf"\b{_WORDS}(?:[ -]?(?:number|no|nummer|nr)\.?)?[ :#]{{1,3}}{_NUMBER}", re.IGNORECASE),
        ),
    ),
)
