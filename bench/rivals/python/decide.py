"""The rule, over what was read and nothing else.

A release within the last hour, errors that began after it, and a release before it that
ran well: then the service goes back to that one. Everything else is left to people.
"""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

BLAME_WINDOW = timedelta(hours=1)
SOAK = timedelta(minutes=30)
COOLDOWN = timedelta(minutes=30)
# So many services ill within the window are not one service's trouble.
BRAKE = 3
BRAKE_WINDOW = timedelta(minutes=5)
FLEET_WINDOW = timedelta(minutes=10)
FLEET_REMEDIES = 2
# What `UpdateService` with a task definition alone does not bring back.
SURROUNDINGS = ("launchType", "platformVersion", "loadBalancers", "networkConfiguration")

Found = dict[str, Any]


def forbidden(halted: bool, openings: list[Found]) -> str | None:
    """What forbids every remedy, before it is decided and once more before it is taken."""
    if halted:
        return "remedies are halted"
    if len(openings) >= BRAKE:
        return f"{len(openings)} services are ill at once"
    return None


def last_good(deployments: list[Found]) -> Found | None:
    """The revision of the newest release before the current one that ran well: it was
    rolled out, and soaked before it was replaced."""
    for later, earlier in pairwise(deployments):
        finished = earlier.get("finishedAt")
        if earlier["status"] == "SUCCESSFUL" and finished and began(later) - finished >= SOAK:
            return earlier["target"]
    return None


def began(deployment: Found) -> datetime:
    """When a deployment began: one that waits has not started."""
    return deployment.get("startedAt", deployment["createdAt"])


def objection(scene: Found, now: datetime) -> str | None:
    """Why the service is not rolled back; `None`: it is."""
    return _by_standing(scene, now) or _by_cause(scene, now) or _by_target(scene)


def errors_began(scene: Found, now: datetime) -> datetime | None:
    """The first minute of the last hour in which the symptom was above its threshold."""
    threshold = scene["alarm"].get("Threshold", 0.0)
    since = now - BLAME_WINDOW
    above = (at for at, value in scene["metrics"]["symptom"] if at >= since and value > threshold)
    return next(above, None)


def _by_standing(scene: Found, now: datetime) -> str | None:
    tags = {tag["key"]: tag["value"] for tag in scene["service"]["tags"]}
    if tags.get("nightshift") != "act":
        return "the service has not opted in"
    if because := forbidden(scene["halted"], scene["openings"]):
        return because
    record, fleet = scene["record"][1], scene["fleet"][1]
    if any(_past(at) > now - COOLDOWN for at in record.get("remedies", [])):
        return "the last remedy was lately"
    if sum(_past(at) > now - FLEET_WINDOW for at in fleet.get("remedies", [])) >= FLEET_REMEDIES:
        return "too many remedies were taken lately"
    if (scene["stack"] or "").endswith("_IN_PROGRESS"):
        return "its stack is being changed"
    return None


def _by_cause(scene: Found, now: datetime) -> str | None:
    newest = next(iter(scene["deployments"]), None)
    if newest is None or began(newest) < now - BLAME_WINDOW:
        return "nothing was released within the last hour"
    errors = errors_began(scene, now)
    if errors is None or errors < began(newest):
        return "the errors began before the release"
    symptoms = (points for id, points in scene["others"].items() if id.startswith("symptom"))
    if sum(_fails_since(points, errors, now) for points in symptoms) > 1:
        return "other services fail as well"
    return None


def _fails_since(points: list[tuple[datetime, float]], errors: datetime, now: datetime) -> bool:
    """Whether it has had more than a few of the symptom since, and three times as many a minute."""
    before = sum(value for at, value in points if at < errors)
    since = sum(value for at, value in points if at >= errors)
    calm, ill = errors - (now - timedelta(hours=3)), now - errors
    return since >= 8 and since / ill.total_seconds() > 3 * before / calm.total_seconds()


def _by_target(scene: Found) -> str | None:
    good = last_good(scene["deployments"])
    if good is None:
        return "no release before it ran well"
    suspect = scene["deployments"][0]["target"]
    if any(good.get(part) != suspect.get(part) for part in SURROUNDINGS):
        return "the releases differ beyond their task definitions"
    if scene["good"]["status"] != "ACTIVE":
        return "the task definition to return to is inactive"
    marks = {tag["key"]: tag["value"] for tag in scene["suspect"]["tags"]}
    if marks.get("nightshift:rollback-safe", "true").lower() == "false":
        return "the release is marked as one that cannot be taken back"
    for image in good["containerImages"]:
        if scene["digests"][image["image"]] != image["imageDigest"]:
            return "an image to return to is gone, or its tag was moved"
    return None


def _past(at: str) -> datetime:
    return datetime.fromisoformat(at)
