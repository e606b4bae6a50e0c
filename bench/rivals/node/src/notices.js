/** What people are told, as a value, and how it is published. */

import { PublishCommand } from "@aws-sdk/client-sns";
import { sns } from "./clients.js";

const TOPIC = process.env.NIGHTSHIFT_NOTICE_TOPIC;
// SNS refuses a longer subject.
const SUBJECT = 100;

/** One text for each kind of subscriber: the notice for functions, plain text for everybody else. */
export async function publish(notice) {
  const text = plain(notice);
  const message = { default: text, email: text, sms: notice.headline, lambda: JSON.stringify(notice) };
  // What filter policies choose by; SNS refuses an empty value.
  const named = ["severity", "kind", "phase", "service", "team"].filter((name) => notice[name]);
  const attributes = named.map((name) => [name, { DataType: "String", StringValue: notice[name] }]);
  await sns.send(
    new PublishCommand({
      TopicArn: TOPIC,
      Subject: notice.headline.replace(/[^\x20-\x7e]/g, "?").slice(0, SUBJECT),
      MessageStructure: "json",
      Message: JSON.stringify(message),
      MessageAttributes: Object.fromEntries(attributes),
    }),
  );
}

function plain({ headline, why, done, evidence, impact }) {
  const figures = Object.entries(impact).map(([name, figure]) => `${name}: ${figure}`);
  return [headline, "", ...why, ...done, "", ...evidence.map((says) => `- ${says}`), ...figures].join("\n");
}

/** What speaks for and against the release as the cause, in sentences. */
export function evidence(scene) {
  const says = [`${scene.stopped.length} tasks stopped within the last hour`];
  for (const [name, called] of [
    ["cpu", "CPU"],
    ["memory", "Memory"],
  ]) {
    const last = scene.metrics[name].at(-1);
    if (last) says.push(`${called} is at ${last.value.toFixed(0)} %`);
  }
  const total = (points = []) => points.reduce((sum, { value }) => sum + value, 0);
  for (const [window, when] of [
    ["yesterday", "yesterday"],
    ["lastWeek", "a week ago"],
  ]) {
    const then = total(scene[window].requests);
    if (then) {
      const share = (100 * total(scene.metrics.requests)) / then;
      says.push(`Requests are ${share.toFixed(0)} % of those of ${when}`);
    }
  }
  const others = scene.firing.filter((name) => name !== scene.alarm.AlarmName);
  says.push(`${others.length} other alarms fire`);
  says.push(...scene.healthIssues.map((issue) => `AWS reports ${issue.title}`));
  return says;
}

/** Figures by name. */
export function impact({ service, targets, scaling }) {
  const all = targets.flatMap(({ health }) => health);
  const healthy = all.filter(({ TargetHealth }) => TargetHealth.State === "healthy");
  return {
    tasks: `${service.runningCount} of ${service.desiredCount}`,
    "healthy targets": `${healthy.length} of ${all.length}`,
    ...(scaling && { "scales between": `${scaling.MinCapacity} and ${scaling.MaxCapacity}` }),
  };
}
