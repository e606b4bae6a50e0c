/**
 * The rule, over what was read and nothing else.
 *
 * A release within the last hour, errors that began after it, and a release before it that
 * ran well: then the service goes back to that one. Everything else is left to people.
 */

import { isDeepStrictEqual } from "node:util";

const MINUTE_MS = 60 * 1000;
const BLAME_WINDOW_MS = 60 * MINUTE_MS;
const SOAK_MS = 30 * MINUTE_MS;
const COOLDOWN_MS = 30 * MINUTE_MS;
// So many services ill within the window are not one service's trouble.
export const BRAKE = 3;
export const BRAKE_WINDOW_MS = 5 * MINUTE_MS;
const FLEET_WINDOW_MS = 10 * MINUTE_MS;
const FLEET_REMEDIES = 2;
// What `UpdateService` with a task definition alone does not bring back.
const SURROUNDINGS = ["launchType", "platformVersion", "loadBalancers", "networkConfiguration"];

/** What forbids every remedy, before it is decided and once more before it is taken. */
export function forbidden({ halted, openings }) {
  if (halted) return "remedies are halted";
  if (openings.length >= BRAKE) return `${openings.length} services are ill at once`;
  return undefined;
}

/**
 * The revision of the newest release before the current one that ran well: it was rolled
 * out, and soaked before it was replaced.
 */
export function lastGood(deployments) {
  const ranWell = ({ status, finishedAt }, index) =>
    index > 0 &&
    status === "SUCCESSFUL" &&
    finishedAt &&
    began(deployments[index - 1]) - finishedAt >= SOAK_MS;
  return deployments.find(ranWell)?.target;
}

/** When a deployment began: one that waits has not started. */
export const began = ({ startedAt, createdAt }) => startedAt ?? createdAt;

/** Why the service is not rolled back; `undefined`: it is. */
export function objection(scene, now) {
  return byStanding(scene, now) ?? byCause(scene, now) ?? byTarget(scene);
}

/** A list of tags as an object. */
export const tagged = (tags = []) => Object.fromEntries(tags.map(({ key, value }) => [key, value]));

function byStanding(scene, now) {
  const since = (windowMs) => (at) => now - new Date(at) < windowMs;
  const { remedies = [] } = scene.record.document;
  const fleet = scene.fleet.document.remedies ?? [];
  if (tagged(scene.service.tags).nightshift !== "act") return "the service has not opted in";
  const because = forbidden(scene);
  if (because) return because;
  if (remedies.some(since(COOLDOWN_MS))) return "the last remedy was lately";
  if (fleet.filter(since(FLEET_WINDOW_MS)).length >= FLEET_REMEDIES)
    return "too many remedies were taken lately";
  if (scene.stack?.endsWith("_IN_PROGRESS")) return "its stack is being changed";
  return undefined;
}

function byCause({ deployments: [newest], alarm, metrics, others }, now) {
  const lately = (at) => now - at <= BLAME_WINDOW_MS;
  if (!newest || !lately(began(newest))) return "nothing was released within the last hour";
  const errors = metrics.symptom.find(({ at, value }) => lately(at) && value > (alarm.Threshold ?? 0));
  if (!errors || errors.at < began(newest)) return "the errors began before the release";
  const symptoms = Object.entries(others).filter(([id]) => id.startsWith("symptom"));
  const failing = symptoms.filter(([, points]) => failsSince(points, errors.at, now));
  if (failing.length > 1) return "other services fail as well";
  return undefined;
}

/** Whether it has had more than a few of the symptom since, and three times as many a minute. */
function failsSince(points, errors, now) {
  const sum = (some) => some.reduce((all, { value }) => all + value, 0);
  const since = sum(points.filter(({ at }) => at >= errors));
  const before = sum(points.filter(({ at }) => at < errors));
  const calm = errors - (now - 3 * BLAME_WINDOW_MS);
  return since >= 8 && since / (now - errors) > (3 * before) / calm;
}

function byTarget({ deployments, good, suspect, digests }) {
  const target = lastGood(deployments);
  if (!target) return "no release before it ran well";
  const current = deployments[0].target;
  if (SURROUNDINGS.some((part) => !isDeepStrictEqual(target[part], current[part]))) {
    return "the releases differ beyond their task definitions";
  }
  if (good.status !== "ACTIVE") return "the task definition to return to is inactive";
  if (tagged(suspect.tags)["nightshift:rollback-safe"]?.toLowerCase() === "false") {
    return "the release is marked as one that cannot be taken back";
  }
  if (target.containerImages.some(({ image, imageDigest }) => digests[image] !== imageDigest)) {
    return "an image to return to is gone, or its tag was moved";
  }
  return undefined;
}
