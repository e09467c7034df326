"""EMAILS: what an e-mail address looks like."""

import re

from schemas.personal_data.rule import Family, Rule

_PLAIN = r"(?<![\w.+%-])(?P<value>[\w.+%-]{1,64}@(?:[\w-]{1,63}\.){1,6}[A-Za-z]{2,24})(?![\w@])"
_SPELLED = (
    r"(?<![\w.+%-])(?P<value>[\w.+%-]{1,64} ?[(\[](?i:at|ät)[)\]] ?"
    r"(?:[\w-]{1,63}(?:\.| ?[(\[](?i:dot|punkt|punt)[)\]] ?)){1,6}[A-Za-z]{2,24})(?!\w)"
)

EMAILS = Family(
    name="emails",
    rules=(Rule("EMAIL", re.compile(_PLAIN)), Rule("EMAIL", re.compile(_SPELLED))),
    needs_digit=False,
)
