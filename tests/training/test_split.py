import pytest

from training.split import is_validation


def test_about_one_conversation_in_eight_is_held_out() -> None:
    share = sum(is_validation(f"de_a-{number:03}") for number in range(4000)) / 4000
    assert share == pytest.approx(1 / 8, abs=0.02)


@pytest.mark.parametrize(("conversation_id", "expected"), [("de_a-001", True), ("de_a-002", False)])
def test_the_rule_never_moves_a_conversation(conversation_id: str, expected: bool) -> None:
    assert is_validation(conversation_id) is expected
