"""The mechanism of docs/demo.md once more: plain loops over customers, with numbers of its own."""

import math
from dataclasses import dataclass
from random import Random

GRADES = ("none", "partial", "full")


@dataclass
class Complaint:
    opened: float  # days since the start of the two years
    standing: float
    grade: str


def draw_plan(random: Random) -> tuple[list[Complaint], float]:
    """The complaints that a customer would bring, and the day of leaving if no complaint came before."""
    value = random.lognormvariate(6.0, 0.8)
    segment = 0 if value < 250 else 1 if value < 800 else 2
    since = 730 - random.uniform(30, 8 * 365)
    start = max(since, 0.0)
    leaves = start + random.expovariate(1 / (900.0, 1500.0, 2500.0)[segment])
    planned = random.choices((0, 1, 2, 3), (0.35, 0.40, 0.17, 0.08))[0]
    opened, plan = start + random.uniform(1, 730 - start), []
    for _ in range(planned):
        if opened >= 730:
            break
        years = (opened - since) / 365
        tenure = 0 if years < 1 else 1 if years < 3 else 2
        severity = random.choices((0, 1, 2, 3), (0.3, 0.4, 0.2, 0.1))[0]
        standing = 0.8 * (segment - 1) + 0.5 * (tenure - 1) - 0.4 * (severity - 1)
        weights = (1.0, math.exp(0.3 + 0.5 * standing), math.exp(standing))
        plan.append(Complaint(opened, standing, random.choices(GRADES, weights)[0]))
        opened += 21 + random.expovariate(1 / 80)
    return plan, leaves


def rate(logit: float) -> float:
    """Rate a day whose chance within 90 days is the logistic of `logit`."""
    return -math.log(1 - 1 / (1 + math.exp(-logit))) / 90


def live(plan: list[Complaint], first: int, grade: str, before: str | None, random: Random) -> tuple[float, float]:
    """Days from the landmark of complaint `first` to the first return and to the cancellation."""
    landmark, returned, grades = plan[first].opened + 14, math.inf, {first: grade}
    for number in range(first, len(plan)):
        complaint, own = plan[number], grades.get(number, plan[number].grade)
        if number > first:
            before = grades.get(number - 1, plan[number - 1].grade)
        push = {"none": 0.0, "partial": 0.35, "full": 0.85}[own]
        push += {None: 0.0, "none": -0.4, "partial": 0.0, "full": 0.3}[before]
        pull = {"none": 0.0, "partial": -0.4, "full": -0.9}[own]
        pull += {None: 0.0, "none": 0.4, "partial": 0.0, "full": -0.3}[before]
        back = complaint.opened + 14 + random.expovariate(rate(-0.6 + 0.8 * complaint.standing + push))
        gone = complaint.opened + 14 + random.expovariate(rate(-1.6 - 0.6 * complaint.standing + pull))
        if number > first and random.random() < 0.01:
            back, gone = math.inf, complaint.opened + random.uniform(1, 13)
        following = plan[number + 1].opened if number + 1 < len(plan) else math.inf
        if back < min(gone, following):
            returned = min(returned, back)
        if gone < following:
            return returned - landmark, gone - landmark
    return returned - landmark, math.inf


def simulate(customers: int, seed: int) -> dict[str, list[tuple[int, int]]]:
    """For each true complaint with a horizon of 90 days, fresh lives under each grade.

    Returns:
        By grade, (came back, churned) within 90 days of each complaint, in one order.
    """
    random, outcomes = Random(seed), {grade: [] for grade in GRADES}
    for _ in range(customers):
        plan, leaves = draw_plan(random)
        # Being there for a second complaint depends on the first; follow the customer's own life to it.
        there = bool(plan) and plan[0].opened < leaves
        for number, complaint in enumerate(plan):
            before = plan[number - 1].grade if number else None
            if number:
                grade_before = plan[number - 2].grade if number > 1 else None
                _, gone = live(plan[:number], number - 1, plan[number - 1].grade, grade_before, random)
                there = there and random.random() >= 0.01 and gone + plan[number - 1].opened + 14 > complaint.opened
            if not there:
                break
            if complaint.opened + 104 > 730:
                continue
            for grade in GRADES:
                back, gone = live(plan, number, grade, before, random)
                outcomes[grade].append((int(back <= 90), int(gone <= 90)))
    return outcomes
