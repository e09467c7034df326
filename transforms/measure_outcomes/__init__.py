"""Measure outcomes: what the customer did and said after a case. The rules are in docs/outcomes.md.

anchors     whose the cases are, and the times that the outcomes are counted from
acts        what the customer did: left, came back, bought, paid, complained again
words       what the customer wrote after the first reply
answers     what the customer answered when asked: CSAT and NPS
measure     all of it together
"""

from transforms.measure_outcomes.measure import measure_outcomes

__all__ = ["measure_outcomes"]
