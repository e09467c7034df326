from datetime import UTC, datetime, timedelta

import apache_beam as beam
import pyarrow as pa
from apache_beam.pvalue import AsSingleton
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from pipeline.customers import FollowCustomers
from schemas.policy import Policy
from tests.transforms.customer_worlds import Row, World, case, day
from transforms.measure_extent import MeasureExtent

RUN_AT = day(150)
NAMES = ("came_back_30", "came_back_90", "left_before_landmark", "csat")


def event(customer: str, kind: str, occurred_at: datetime) -> Row:
    return {"event_id": f"{customer} {kind}", "customer_id": customer, "kind": kind, "occurred_at": occurred_at}


def answer(score: float, answered_at: datetime) -> Row:
    about: Row = {"customer_id": "a", "conversation_id": "c", "kind": "csat"}
    return about | {"score": score, "answered_at": answered_at}


def follow(world: World) -> tuple[beam.Pipeline, beam.PCollection]:
    cases, moments, events, surveys, profiles = world.batches()
    inputs = {"cases": cases, "moments": moments, "events": events, "surveys": surveys, "customers": profiles}

    def outcomes(tagged: tuple[str, pa.RecordBatch]) -> list[tuple[object, ...]]:
        return [tuple(row[name] for name in NAMES) for row in tagged[1].to_pylist()] if tagged[0] == "cases" else []

    pipeline = TestPipeline(runner=FnApiRunner())
    read = {
        name: pipeline | name >> beam.Create([batch]).with_output_types(pa.RecordBatch)
        for name, batch in inputs.items()
    }
    followed = read | FollowCustomers(
        policy=Policy(),
        run_at=RUN_AT,
        messages_extent=AsSingleton(pipeline | "reach" >> beam.Create([(day(0), RUN_AT)])),
        events_extent=AsSingleton(read["events"] | MeasureExtent("occurred_at")),
        average=AsSingleton(pipeline | "average" >> beam.Create([0.0])),
    )
    return pipeline, followed | beam.FlatMap(outcomes)


def test_what_is_dated_after_the_run_date_neither_counts_nor_makes_unknown_outcomes_known() -> None:
    world = World(
        cases=[case("c", "a", day(100))],
        moments=[],
        events=[event("b", "order", day(1)), event("a", "order", day(120)), event("a", "visit", day(9000))],
        surveys=[answer(2.0, day(149)), answer(5.0, RUN_AT + timedelta(days=1))],
        profiles=[],
    )
    pipeline, found = follow(world)
    assert_that(found, equal_to([(True, None, False, 2.0)]))
    pipeline.run()


def test_a_cancellation_that_is_yet_to_come_is_not_known() -> None:
    world = World([case("c", "a", day(140))], [], [event("b", "order", day(1))], [], [])
    world.events.append(event("a", "cancellation", RUN_AT + timedelta(days=2)))
    pipeline, found = follow(world)
    assert_that(found, equal_to([(None, None, None, None)]))
    pipeline.run()


def test_events_of_after_the_run_date_alone_are_no_export() -> None:
    world = World([case("c", "a", day(100))], [], [event("a", "order", datetime(2090, 1, 1, tzinfo=UTC))], [], [])
    pipeline, found = follow(world)
    assert_that(found, equal_to([(None, None, None, None)]))
    pipeline.run()
