import numpy as np

from demo.follow_outcomes import WINDOW_SECONDS, Followed
from demo.lay_out_lines import Lines, lay_out_lines
from demo.office_hours import count_office_seconds
from demo.scene import Scene
from demo.types import DAY, Flags, Floats


def lay_out(scene: Scene) -> Lines:
    return lay_out_lines(scene.cases, scene.scripts, np.random.default_rng(2))


def first_reply_seconds(scene: Scene, lines: Lines) -> tuple[Floats, Flags]:
    """Office seconds from the opening to the first reply, and which cases have one, opened by a customer."""
    is_reply = scene.scripts.is_first_reply[lines.message]
    case = lines.case[is_reply]
    seconds = np.full(len(scene.cases.script), np.nan)
    opened = scene.cases.opened[case]
    seconds[case] = count_office_seconds(lines.time[is_reply]) - count_office_seconds(opened)
    opened_by_customer = ~scene.scripts.is_agent[scene.scripts.first[scene.cases.script]]
    return seconds, ~np.isnan(seconds) & opened_by_customer


def test_the_clock_never_contradicts_the_grade(staged: tuple[Scene, Followed]) -> None:
    scene, _ = staged
    seconds, has_reply = first_reply_seconds(scene, lay_out(scene))
    is_complaint, is_fast = scene.cases.is_complaint, scene.cases.is_fast
    assert seconds[has_reply & is_complaint & is_fast].max() < 3500
    assert seconds[has_reply & is_complaint & ~is_fast].min() > 4000
    assert 0.2 < is_fast[has_reply & is_complaint].mean() < 0.8


def test_every_thread_is_over_before_its_landmark(staged: tuple[Scene, Followed]) -> None:
    scene, _ = staged
    lines = lay_out(scene)
    span = lines.last_time - scene.cases.opened
    assert span.min() >= 0
    assert 5 * DAY < span.max() < WINDOW_SECONDS - DAY


def test_lines_follow_each_other(staged: tuple[Scene, Followed]) -> None:
    scene, _ = staged
    lines = lay_out(scene)
    follows = lines.case[1:] == lines.case[:-1]
    assert (np.diff(lines.time)[follows] > 0).all()
    assert (np.diff(lines.turn)[follows] == 1).all()
    assert len(lines.case) == scene.scripts.length[scene.cases.script].sum()


def test_mail_is_answered_in_office_hours(staged: tuple[Scene, Followed]) -> None:
    scene, _ = staged
    lines = lay_out(scene)
    script = scene.cases.script[lines.case]
    replies = scene.scripts.is_first_reply[lines.message] & (scene.scripts.channel[script] == "email")
    weekday = (lines.time[replies] // DAY + 3) % 7
    hour = lines.time[replies] % DAY / 3600
    assert replies.sum() > 1000
    assert weekday.max() <= 4
    assert 9 <= hour.min() < hour.max() <= 17


def test_second_line_stays_once_it_has_taken_over(staged: tuple[Scene, Followed]) -> None:
    scene, _ = staged
    lines = lay_out(scene)
    same_case = lines.case[1:] == lines.case[:-1]
    assert not (same_case & lines.is_second[:-1] & ~lines.is_second[1:]).any()
    share = np.isfinite(lines.hand_off_time)[scene.cases.is_complaint].mean()
    assert 0.01 < share < 0.25
