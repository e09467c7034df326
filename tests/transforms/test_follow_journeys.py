import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.cases import BUILT_CASES
from schemas.check_batch import check_batch
from schemas.errors import ContractError
from schemas.journeys import JOURNEYS
from schemas.moments import MOMENTS
from schemas.profiles import PROFILES
from tests.transforms.customer_worlds import (
    DAY,
    UNTIL,
    Row,
    World,
    case,
    day,
    make_batch,
    moment,
    query,
    random_world,
)
from transforms.follow_journeys import follow_journeys

UP, DOWN, SAME = "amazement", "uncertainty", "neutral"


def follow(world: World) -> list[Row]:
    built, moments, _, _, profiles = world.batches()
    return check_batch(follow_journeys(moments, built, profiles, until=UNTIL), JOURNEYS).to_pylist()


def walk(*states: tuple[str, str, float], since: float | None = None) -> World:
    """The messages of customer `a`: state, case, day."""
    moments = [moment("a", day(at), about, state, f"m{n}") for n, (state, about, at) in enumerate(states)]
    return World([], moments, [], [], [{"customer_id": "a", "since": None if since is None else day(since)}])


def reasons(world: World) -> list[tuple[str, str, str | None]]:
    return [(row["state"], row["entry_reason"], row["case_id"]) for row in follow(world)]


def recount(world: World) -> list[Row]:
    """Each customer's messages, one after the other."""
    rows = []
    profiles = {p["customer_id"]: p for p in world.profiles}
    for key in sorted({m["customer_key"] for m in world.moments} | set(profiles)):
        since = profiles.get(key, {}).get("since")
        said = sorted(
            (m for m in world.moments if m["customer_key"] == key),
            key=lambda m: (m["sent_at"], m["case_id"], m["message_id"]),
        )
        if not said and (since is None or since > UNTIL):
            continue
        by_message = not since or (bool(said) and said[0]["sent_at"] < since)
        started_at = said[0]["sent_at"] if by_message else since
        spells = [{"state": DOWN, "started_at": started_at, "entry_reason": "new_customer"}]
        spells[0]["case_id"] = said[0]["case_id"] if by_message else None
        complained = set()
        for n, m in enumerate(said):
            own = [c for c in world.cases if (c["customer_key"], c["case_id"]) == (key, m["case_id"])]
            if any(c["complained_at"] and c["complained_at"] < m["sent_at"] for c in own):
                complained.add(m["case_id"])
            later = [x for x in said[n + 1 :] if x["sent_at"] == m["sent_at"] and x["state"] != SAME]
            if m["state"] not in (SAME, spells[-1]["state"]) and not later:
                if m["state"] == UP:
                    why = "recovered" if m["case_id"] in complained else "praise"
                else:
                    why = "relapse" if spells[-1]["case_id"] == m["case_id"] else "complaint"
                spells.append({"state": m["state"], "started_at": m["sent_at"], "entry_reason": why})
                spells[-1]["case_id"] = m["case_id"]
            if m["state"] == DOWN:
                complained.add(m["case_id"])
        opened = [c["opened_at"] for c in world.cases if c["customer_key"] == key and c["is_complaint"]]
        for n, spell in enumerate(spells):
            after = spells[n + 1]["started_at"] if n + 1 < len(spells) else None
            first = None if n == 0 else spell["started_at"]
            rows.append(
                spell
                | {
                    "customer_key": key,
                    "spell_number": n + 1,
                    "ended_at": after,
                    "is_censored": after is None,
                }
                | {"days": ((after or UNTIL) - spell["started_at"]) / DAY}
                | {"segment": profiles.get(key, {}).get("segment")}
                | {"complaints": sum((not first or first <= t) and (not after or t < after) for t in opened)}
            )
    return rows


@settings(deadline=None)
@given(st.integers(0, 10**6))
def test_every_spell_equals_a_walk_through_the_messages(seed: int) -> None:
    world = random_world(seed, customers=2)
    assert follow(world) == recount(world)


@pytest.mark.parametrize("seed", range(20))
def test_duckdb_finds_the_same_spells(seed: int) -> None:
    world = random_world(seed, customers=2)
    wanted = query(
        """
        with instants as (
            from moments where state <> 'neutral'
            qualify row_number() over (
                partition by customer_key, sent_at order by case_id desc, message_id desc) = 1
        ),
        changes as (
            from instants
            qualify state <> lag(state, 1, 'uncertainty') over (partition by customer_key order by sent_at)
        )
        select customer_key, epoch_us(sent_at), state, case_id from changes order by all
        """,
        moments=world.batches()[1],
    )
    found = [row for row in follow(world) if row["spell_number"] > 1]
    epoch = [round(row["started_at"].timestamp() * 1e6) for row in found]
    assert [
        (row["customer_key"], at, row["state"], row["case_id"]) for row, at in zip(found, epoch, strict=True)
    ] == wanted


def test_a_complaint_that_is_recovered_and_a_second_one() -> None:
    world = walk((DOWN, "c1", 10), (SAME, "c1", 11), (UP, "c1", 12), (UP, "c1", 13), (DOWN, "c2", 50), since=0)
    world.cases += [
        case("c1", "a", day(10)),
        case("c2", "a", day(50)),
        case("q", "a", day(12), is_complaint=False),
    ]
    rows = follow(world)
    assert reasons(world) == [
        (DOWN, "new_customer", None),
        (UP, "recovered", "c1"),
        (DOWN, "complaint", "c2"),
    ]
    assert [row["days"] for row in rows] == [12.0, 38.0, 350.0]
    assert [row["complaints"] for row in rows] == [1, 0, 1]
    assert [row["is_censored"] for row in rows] == [False, False, True]
    assert [row["ended_at"] for row in rows] == [day(12), day(50), None]


def test_the_reason_is_the_first_that_fits() -> None:
    praise_then_relapse = walk((UP, "c1", 1), (DOWN, "c1", 2), (UP, "c1", 3), (DOWN, "c2", 4), (UP, "c1", 5), since=0)
    assert [why for _, why, _ in reasons(praise_then_relapse)] == [
        *("new_customer", "praise", "relapse", "recovered", "complaint", "recovered")
    ]
    elsewhere = walk((DOWN, "c1", 1), (UP, "c2", 2))
    assert reasons(elsewhere)[1] == (UP, "praise", "c2")


def test_a_source_of_complaints_only_knows_of_a_complaint_without_such_a_message() -> None:
    world = walk((SAME, "c1", 1), (UP, "c1", 2), since=0)
    assert reasons(world)[1][1] == "praise"
    world.cases.append(case("c1", "a", day(1), complained_at=day(1)))
    assert reasons(world)[1][1] == "recovered"
    world.cases[0]["customer_key"] = "b"
    assert reasons(world)[1][1] == "praise"


@pytest.mark.parametrize(
    ("since", "started", "about"),
    [(0, 0, None), (5, 5, None), (9, 5, "c1"), (None, 5, "c1")],
    ids=["before", "with the first message", "later", "not known"],
)
def test_the_first_spell_begins_with_the_customer(since: float | None, started: float, about: str | None) -> None:
    first, *others = follow(walk((SAME, "c1", 5), since=since))
    assert (first["started_at"], first["case_id"], others) == (day(started), about, [])


def test_who_never_wrote_has_one_spell_where_since_is_known() -> None:
    profiles = [{"customer_id": name, "since": at} for name, at in (("a", day(1)), ("b", None), ("c", day(401)))]
    rows = follow(World([], [], [], [], profiles))
    assert [(row["customer_key"], row["days"], row["is_censored"]) for row in rows] == [("a", 399.0, True)]


def test_of_one_instant_the_last_message_counts_and_only_a_first_spell_can_be_empty() -> None:
    world = walk((UP, "c1", 5), (DOWN, "c1", 7), (UP, "c2", 7), (SAME, "c3", 7))
    rows = follow(world)
    assert [(row["state"], row["days"]) for row in rows] == [(DOWN, 0.0), (UP, 395.0)]
    assert reasons(walk((UP, "c1", 5), (UP, "c1", 7), (DOWN, "c2", 7)))[2] == (DOWN, "complaint", "c2")


def test_complaints_from_before_the_first_spell_count_in_it() -> None:
    world = walk((DOWN, "c1", 5), (UP, "c1", 6))
    world.cases += [case("c1", "a", day(4)), case("c2", "a", day(6)), case("c3", "b", day(6))]
    assert [row["complaints"] for row in follow(world)] == [1, 1]


def test_a_message_after_the_end_of_the_data_is_an_error() -> None:
    world = walk((UP, "c1", 401))
    with pytest.raises(ContractError, match="a message is later than the end of the data, 2025-02-04"):
        follow(world)


def test_empty_batches_and_slices() -> None:
    empty = (MOMENTS.empty(), BUILT_CASES.empty(), PROFILES.empty())
    assert follow_journeys(*empty, until=UNTIL).num_rows == 0
    built, moments, _, _, profiles = random_world(8).batches()
    slices = [batch.slice(1) for batch in (moments, built, profiles)]
    copies = [make_batch(batch.schema, batch.to_pylist()) for batch in slices]
    assert follow_journeys(*slices, until=UNTIL).to_pylist() == follow_journeys(*copies, until=UNTIL).to_pylist()
    assert slices[0].num_rows
