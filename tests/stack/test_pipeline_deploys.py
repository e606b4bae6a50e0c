"""What deploy-service.yml does to a service, by its own shell; see pipeline.py."""

import pytest
from pipeline import CRASHES, FLAWED, GOOD, NEXT, STUCK, Pipeline


@pytest.fixture
def pipeline(tmp_path):
    running = Pipeline(tmp_path)
    yield running
    running.simulator.stop()


def test_a_commit_is_deployed_by_digest_with_its_tags_and_nothing_else_is_changed(pipeline):
    run = pipeline.run(GOOD, smoke_command="true")
    assert not run.failed, run.log
    assert run.left_out == [
        "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1",
        "Assume the role",
    ]
    # The image is there: it is neither built nor pushed again.
    assert (run.outcome["build"], run.outcome["push"]) == ("skipped", "skipped")
    assert pipeline.runs_now() == "checkout:44"
    described = pipeline.ecs("describe-task-definition", "--task-definition", "checkout:44", "--include", "TAGS")
    (container,) = described["taskDefinition"]["containerDefinitions"]
    assert container["image"] == run.outputs["register"]["image"]
    assert container["image"].startswith("123456789012.dkr.ecr.eu-west-1.amazonaws.com/checkout@sha256:")
    assert {tag["key"]: tag["value"] for tag in described["tags"]} == {
        "team": "shop",
        "environment": "production",
        "git-sha": GOOD,
        "commit-time": "2026-11-20T08:00:00Z",
        "deployed-by": "renovate-bot-",
        "deployed-from": "https://github.com/shop/checkout/actions/runs/77",
    }
    assert pipeline.writes() == ["ecs:RegisterTaskDefinition", "ecs:UpdateService"]
    assert "ECS says that checkout:44 is deployed." in run.summary
    # What it found was deployed by tag, and that is said before anything is changed.
    assert "::warning::checkout:42 names an image by tag" in run.log


def test_a_deployment_that_ecs_takes_back_fails_with_its_reason(pipeline):
    run = pipeline.run(CRASHES, smoke_command="true")
    assert (run.outcome["deploy"], run.outcome["verdict"]) == ("success", "failure"), run.log
    assert run.outcome["smoke"] == "skipped" and run.outcome["back"] == "success", run.log
    assert "❌ checkout:44 was rolled back: " in run.summary and "circuit breaker" in run.summary
    assert "ECS went back from checkout:44; prod/checkout runs what it ran before." in run.summary
    assert pipeline.runs_now() == "checkout:42"
    # ECS was at it: nobody else stops or deploys anything.
    assert pipeline.writes() == ["ecs:RegisterTaskDefinition", "ecs:UpdateService"]


def test_a_deployment_without_a_verdict_is_stopped_and_goes_back(pipeline):
    pipeline.rename("search")
    run = pipeline.run(STUCK, service="search", verdict_minutes=2)
    assert run.outcome["verdict"] == "failure" and run.outcome["back"] == "success", run.log
    assert "❌ search:9 has no verdict after 2 minutes (IN_PROGRESS)." in run.summary
    assert "ECS went back from search:9; prod/search runs what it ran before." in run.summary
    assert pipeline.runs_now("search") == "search:7"
    assert pipeline.writes()[-1] == "ecs:StopServiceDeployment"


def test_a_failed_smoke_test_brings_back_what_ran_before_by_its_digest(pipeline):
    assert not pipeline.run(GOOD).failed
    pipeline.commit("2026-11-20T10:00:00Z")
    run = pipeline.run(NEXT, smoke_command="echo no answer; exit 3")
    assert run.outcome["verdict"] == "success" and run.outcome["smoke"] == "failure", run.log
    assert run.outcome["back"] == "success" and run.failed, run.log
    assert "❌ The smoke test failed." in run.summary and "no answer" in run.log
    assert "Went back from checkout:45; prod/checkout runs checkout:44 again." in run.summary
    assert pipeline.runs_now() == "checkout:44"
    assert pipeline.writes() == ["ecs:RegisterTaskDefinition", "ecs:UpdateService"] * 2 + ["ecs:UpdateService"]


def test_nothing_goes_back_to_a_tag_that_may_mean_another_image_by_now(pipeline):
    run = pipeline.run(GOOD, smoke_command="false")
    assert run.outcome["back"] == "failure", run.log
    assert "prod/checkout needs you: it still runs checkout:44. checkout:42 names an image by tag" in run.summary
    assert "aws ecs update-service --cluster prod --service checkout --task-definition checkout:42" in run.summary
    assert pipeline.runs_now() == "checkout:44"


@pytest.mark.parametrize(
    ("commit", "inputs", "says"),
    [
        (FLAWED, {}, "has 1 critical findings; it is pushed and not deployed."),
        (GOOD, {"service": "busy", "repository": "checkout"}, "Another deployment of prod/busy is under way"),
        (GOOD, {"service": "nobody"}, "There is no active service prod/nobody"),
        (GOOD, {"block_on": "medium"}, "expected critical, high or nothing"),
        (GOOD, {"verdict_minutes": 90}, "expected a whole number from 1 to 60"),
        (GOOD, {"task_definition": "nowhere.json"}, "There is no task definition at nowhere.json"),
        (GOOD, {"container": "web"}, "has no container web; it has app"),
    ],
)
def test_what_cannot_be_deployed_changes_nothing_and_says_why(pipeline, commit, inputs, says):
    run = pipeline.run(commit, **inputs)
    assert run.failed and says in run.log, run.log
    assert run.outcome.get("deploy") == run.outcome.get("back") == "skipped"
    assert pipeline.writes() == []


def test_an_older_commit_is_deployed_only_if_that_is_meant(pipeline):
    assert not pipeline.run(GOOD).failed
    pipeline.commit("2026-11-20T07:00:00Z")
    refused = pipeline.run(NEXT)
    assert "What runs is of a commit of 2026-11-20T08:00:00Z, this one is of 2026-11-20T07:00:00Z" in refused.summary
    assert pipeline.runs_now() == "checkout:44"
    meant = pipeline.run(NEXT, allow_older=True)
    assert not meant.failed and pipeline.runs_now() == "checkout:45", meant.log
