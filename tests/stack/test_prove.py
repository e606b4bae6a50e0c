"""A part of `make prove`: an alarm's rollback, disturbed wherever it writes.

The real binary is killed before and after each call that changes something, and meets one
of each other thing that can go wrong. docs/prove.md has the whole.
"""

import pytest
from prove import faults, sweep, world

FUNCTION, STORY = "alarm-responder", "rollback"
WRITES = {
    "dynamodb:TransactWriteItems", "dynamodb:PutItem", "scheduler:CreateSchedule", "sns:Publish", "ecs:UpdateService",
}  # fmt: skip
# One of each, where it hurts.
SAMPLE = {
    ("throttled", "ecs:DescribeServices"), ("error 500", "ecs:UpdateService"), ("reset", "sns:Publish"),
    ("hang", "dynamodb:TransactWriteItems"), ("malformed", "dynamodb:TransactWriteItems"),
    ("denied", "ecs:UpdateService"),
}  # fmt: skip


@pytest.fixture(scope="module")
def proof(night, tmp_path_factory):
    """What came of each disturbance; the stack that the night deployed says how functions are set up."""
    known = world.blueprint(night.stack.ministack, night.stack.outputs)
    with sweep.Pool(tmp_path_factory.mktemp("prove"), known, workers=2) as pool:
        ends = pool.undisturbed([STORY])
        end, calls = ends[STORY]
        points = [point for point in sweep.points(STORY, {FUNCTION: calls[FUNCTION]}) if chosen(point)]
        never = sweep.Point(STORY, FUNCTION, "ecs:UpdateService", 9, "killed before")
        yield end, list(pool.prove([*points, never], {STORY: end})), never


def chosen(point):
    """Killed wherever it writes, and the sample."""
    if point.kind in faults.KILLS:
        return point.call in WRITES
    return point.number == 1 and (point.kind, point.call) in SAMPLE


def of(proof, kinds):
    """What came of these kinds, by point."""
    _, found, never = proof
    return {str(one.point): (one.worth, one.says) for one in found if one.point.kind in kinds and one.point != never}


def test_undisturbed_it_rolls_back_heals_and_leaves_nothing_to_do(proof):
    end, _, _ = proof
    assert end["production"] == ["ecs:UpdateService checkout"]
    assert [incident["phase"] for incident in end["closed"]] == ["resolved"]
    assert (end["timers"], end["pages"], [record["unpublished"] for record in end["records"]]) == ([], [], [[]])


def test_killed_before_or_after_any_write_it_ends_as_if_it_had_lived(proof):
    found = of(proof, faults.KILLS)
    assert len(found) >= 16, found
    assert {point: ended for point, ended in found.items() if ended[0] != "equal"} == {}


def test_whatever_else_goes_wrong_ends_the_same_or_is_told_by_name(proof):
    found = of(proof, faults.FAULTS)
    assert len(found) == len(SAMPLE), found
    assert {point: ended for point, ended in found.items() if ended[0] not in ("equal", "told")} == {}
    assert found[f"{STORY}/{FUNCTION}/ecs:UpdateService#1/denied"][0] == "told", "nobody can take it for done"


def test_a_disturbance_that_never_came_proves_nothing(proof):
    _, found, never = proof
    assert [one.worth for one in found if one.point == never] == ["missed"]
