/**
 * Answers a CloudWatch alarm: reads all about its service, decides, and goes back to the
 * release that ran well.
 *
 * The order is what makes it safe. What is decided is claimed in the ledger before anything
 * is done; nothing changes production before its check is set and people are told; and the
 * switches are looked at once more right before.
 */

import { createHash } from "node:crypto";
import { UpdateServiceCommand } from "@aws-sdk/client-ecs";
import { ConflictException, CreateScheduleCommand } from "@aws-sdk/client-scheduler";
import { atOnce, ecs, scheduler } from "./clients.js";
import { began, forbidden, lastGood, objection, tagged } from "./decide.js";
import * as ledger from "./ledger.js";
import * as notices from "./notices.js";
import * as observe from "./observe.js";
import { signalOf } from "./signal.js";

const FIRST_CHECK_MS = 5 * 60 * 1000;
// Remedies that are remembered: budgets count no more.
const REMEMBERED = 10;

/** The same event is answered once, however often it is delivered. */
export async function handler(event, context) {
  const report = await respond(signalOf(event), event, new Date());
  console.log(
    JSON.stringify({ level: "INFO", message: "answered", requestId: context.awsRequestId, ...report }),
  );
  return report;
}

async function respond(signal, event, now) {
  if (signal.state !== "ALARM") return { decision: "ignored", because: "it is no ALARM" };
  const seen = await observe.first(signal, now);
  if (seen.alarm?.StateValue !== "ALARM") return { decision: "ignored", because: "the alarm is over" };
  const { version, document } = seen.record;
  if (document.incident) {
    if (document.incident.event !== signal.event || document.unpublished.length === 0) {
      return { decision: "joined", incident: document.incident.id };
    }
    // An earlier delivery of this event did not come to its end.
    return carryOut(signal, version, document, undefined, now);
  }
  if (seen.seen) return { decision: "settled" };
  const scene = await observe.rest(seen, now);
  const record = opened(signal, scene, objection(scene, now), now);
  await ledger.write(...claim(signal, scene, record, now));
  return carryOut(signal, version + 1, record, { event, signal, observed: scene, record }, now);
}

/**
 * The service's record with a new incident, and in it all that is still to be done: whoever
 * finds it after a crash can go on from it.
 */
function opened(signal, scene, because, now) {
  const tags = tagged(scene.service.tags);
  const day = now.toISOString().slice(0, 16).replace(/[-:]/g, "").replace("T", "-");
  const { remedies = [], ...before } = scene.record.document;
  const incident = {
    id: `${day}-${createHash("sha256").update(signal.event).digest("hex").slice(0, 8)}`,
    event: signal.event,
    alarm: signal.arn,
    opened_at: now.toISOString(),
    severity: tags.environment === "production" ? "P1" : "P2",
    team: tags.team,
    evidence: notices.evidence(scene),
    impact: notices.impact(scene),
    sequence: 0,
  };
  const record = { ...before, service: signal.key, remedies, unpublished: [] };
  if (because) {
    record.incident = { ...incident, phase: "escalated", outcome: because };
    return told(signal, record, "opened", `${signal.called} needs you`, `Nothing was done: ${because}.`, now);
  }
  const remedy = { from: scene.service.taskDefinition, to: lastGood(scene.deployments).taskDefinition };
  record.incident = { ...incident, phase: "acting", remedy };
  record.remedies = [...remedies, now.toISOString()].slice(-REMEMBERED);
  const to = short(remedy.to);
  const headline = `${signal.called} is going back to ${to}`;
  return told(signal, record, "acting", headline, `The service is rolled back to ${to}.`, now);
}

/** The record with one more notice that is to be published. */
function told(signal, record, kind, headline, done, now) {
  const incident = { ...record.incident, sequence: record.incident.sequence + 1 };
  const notice = {
    incident: incident.id,
    sequence: incident.sequence,
    kind,
    phase: incident.phase,
    severity: incident.severity,
    service: signal.called,
    team: incident.team,
    opened_at: incident.opened_at,
    at: now.toISOString(),
    headline,
    why: [`Alarm ${signal.alarm}: ${signal.reason}`],
    done: [done],
    evidence: incident.evidence,
    impact: incident.impact,
  };
  return { ...record, incident, unpublished: [...record.unpublished, notice] };
}

/**
 * The writes of a claim: the event, the record, the cap over all services that a remedy
 * counts against, the release on trial, and a line of the incident's time line.
 */
function claim(signal, scene, record, now) {
  const writes = [ledger.event(signal.event, now), ledger.head(scene.record.version, record)];
  if (record.incident.remedy) {
    const { version, document: fleet } = scene.fleet;
    const remedies = [...(fleet.remedies ?? []), now.toISOString()].slice(-REMEMBERED);
    const [newest] = scene.deployments;
    const release = {
      service: signal.key,
      deployment: newest.serviceDeploymentArn,
      task_definition: newest.target.taskDefinition,
      troubled: record.incident.id,
    };
    const day = `releases#${began(newest).toISOString().slice(0, 10)}`;
    writes.push(
      ledger.following("fleet", version, { ...fleet, remedies }),
      ledger.history(day, `${signal.key}#${newest.serviceDeploymentArn}`, release, now),
    );
  }
  return [...writes, timeLine(record.unpublished.at(-1), now)];
}

/** The write of a notice's line in the time line of its incident. */
function timeLine(notice, now) {
  const line = { at: notice.at, says: notice.headline };
  return ledger.history(
    `incident#${notice.incident}`,
    `timeline#${ledger.numbered(notice.sequence)}`,
    line,
    now,
  );
}

/** Does what the record holds: the timer and the notice, then the remedy. */
async function carryOut(signal, version, record, kept, now) {
  const { incident } = record;
  const due = incident.remedy && !incident.outcome;
  const done = await atOnce({
    timer: setTimer(signal, incident.id, now),
    notices: publish(record),
    kept: kept && ledger.keepCase(incident.id, incident.sequence, kept, now),
    // Once more, right before: somebody may have thrown a switch or deployed a fix.
    ...(due && { service: observe.service(signal), ...observe.switches(now) }),
  });
  let last = record;
  if (due) {
    const outcome = forbidden(done) ?? (await rollBack(signal, done.service, incident.remedy));
    last = await noteOutcome(signal, version, record, outcome, now);
    await publish(last);
  }
  await settle(signal, last);
  return { incident: incident.id, outcome: last.incident.outcome };
}

/** `UpdateService` has no condition of its own. */
async function rollBack({ cluster, service }, live, { from, to }) {
  if (live.taskDefinition === to) return "taken";
  if (live.taskDefinition !== from) return "somebody deployed in between";
  await ecs.send(new UpdateServiceCommand({ cluster, service, taskDefinition: to }));
  return "taken";
}

/** Writes down what came of the remedy, with the notice of it. */
async function noteOutcome(signal, version, record, outcome, now) {
  const taken = outcome === "taken";
  const phase = taken ? "verifying" : "escalated";
  const to = short(record.incident.remedy.to);
  const headline = taken ? `${signal.called} goes back to ${to}` : `${signal.called} needs you`;
  const done = taken ? `ECS is bringing back ${to}.` : `It was not rolled back: ${outcome}.`;
  const noted = { ...record, incident: { ...record.incident, outcome, phase }, unpublished: [] };
  const after = told(signal, noted, phase, headline, done, now);
  await ledger.write(ledger.head(version, after), timeLine(after.unpublished.at(-1), now));
  return after;
}

/** Takes the published notices off the record, over what others wrote meanwhile. */
async function settle(signal, record) {
  const published = new Set(record.unpublished.map(({ sequence }) => sequence));
  const { version, document } = await ledger.read(`service#${signal.key}`);
  const unpublished = document.unpublished.filter(({ sequence }) => !published.has(sequence));
  await ledger.write(ledger.head(version, { ...document, unpublished }));
}

/** Publishes what is not known to be published, in order. */
async function publish(record) {
  for (const notice of record.unpublished) await notices.publish(notice);
}

/** Sets the check of the incident; the same name is the same timer. */
async function setTimer(signal, incident, now) {
  const name = `${incident}-verify-1`;
  const at = new Date(now.getTime() + FIRST_CHECK_MS).toISOString().slice(0, 19);
  const timer = { name, service: signal.key, purpose: { purpose: "verify", incident, number: 1 } };
  const command = new CreateScheduleCommand({
    Name: name,
    GroupName: process.env.NIGHTSHIFT_TIMER_GROUP,
    ScheduleExpression: `at(${at})`,
    ScheduleExpressionTimezone: "UTC",
    FlexibleTimeWindow: { Mode: "OFF" },
    // Without it finished schedules pile up against the account's quota.
    ActionAfterCompletion: "DELETE",
    Target: {
      Arn: process.env.NIGHTSHIFT_TIMER_TARGET,
      RoleArn: process.env.NIGHTSHIFT_TIMER_ROLE,
      DeadLetterConfig: { Arn: process.env.NIGHTSHIFT_TIMER_DLQ },
      RetryPolicy: { MaximumEventAgeInSeconds: 900, MaximumRetryAttempts: 10 },
      Input: JSON.stringify(timer),
    },
  });
  try {
    await scheduler.send(command);
  } catch (error) {
    // It was set before.
    if (!(error instanceof ConflictException)) throw error;
  }
}

/** `checkout:42` of a task definition's ARN. */
const short = (taskDefinition) => taskDefinition.split("/").at(-1);
