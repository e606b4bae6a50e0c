"""load/scaling.js: what it would ask of a service, and when it would stop."""

import json
import subprocess

import pytest
from processes import ROOT, credentials, tool

URL = "https://staging.example.com/products"


def load(*minutes, **environment):
    done = subprocess.run(
        [
            str(tool("load", "python")), str(ROOT / "tests/stack/run_load.py"),
            json.dumps(environment), *map(str, minutes),
        ],
        capture_output=True, text=True, env=credentials(), timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def minutes(duration):
    assert duration.endswith("m")
    return float(duration[:-1])


def test_the_load_goes_from_usual_to_the_peak_stays_and_comes_back():
    (scenario,) = load(URL=URL, USUAL="12", PEAK="80")["options"]["scenarios"].values()
    assert (scenario["executor"], scenario["startRate"]) == ("ramping-arrival-rate", 12)
    assert [stage["target"] for stage in scenario["stages"]] == [12, 80, 80, 12, 12]
    assert sum(minutes(stage["duration"]) for stage in scenario["stages"]) == 32
    # Three minutes of datapoints and two for tasks to start, more than twice.
    assert minutes(scenario["stages"][2]["duration"]) >= 15


def test_the_promise_is_held_to_at_the_peak_and_a_brake_ends_a_test_that_breaks_things():
    thresholds = load(URL=URL, P95_MS="300")["options"]["thresholds"]
    assert thresholds["http_req_duration{phase:peak}"] == ["p(95)<300"]
    brakes = [one for one in thresholds["http_req_failed"] if one.get("abortOnFail")]
    assert [one["threshold"] for one in brakes] == ["rate<0.05"]
    assert thresholds["dropped_iterations"]


def test_an_iteration_asks_once_and_says_in_which_phase():
    asked = load(1, 4, 17, 19, 27.5, 29, URL=URL)["asked"]
    # The first is the one that is asked before all others.
    assert [one["url"] for one in asked] == [URL] * 7
    assert [one["tags"].get("phase") for one in asked] == [
        None, "usual", "scaling", "scaling", "peak", "peak", "after",
    ]  # fmt: skip


def test_an_address_that_does_not_answer_is_asked_once():
    assert "answers 404" in load(URL=URL)["without_an_answer"]


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({}, "URL is missing"),
        ({"URL": "staging.example.com"}, "URL is missing"),
        ({"URL": URL, "PEAK": "many"}, "PEAK is many; expected a number above 0"),
        ({"URL": URL, "HOLD_MINUTES": "0"}, "HOLD_MINUTES is 0"),
        ({"URL": URL, "USUAL": "60", "PEAK": "20"}, "expected a peak above what is usual"),
    ],
)
def test_a_wrong_setting_is_refused_before_anything_is_asked(environment, says):
    assert says in load(**environment)["error"]
