"""Follow journeys: a customer's spells of uncertainty and amazement. The rules are in docs/journeys.md.

messages    what each message shows, and whether its writer had complained before
spells      when a spell begins, and why
follow      all of it together
"""

from transforms.follow_journeys.follow import follow_journeys

__all__ = ["follow_journeys"]
