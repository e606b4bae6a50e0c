/**
 * Everything that is read before a decision, in as few rounds as the answers allow.
 *
 * The event names the alarm, the service and the metric, so nearly all can be asked at
 * once; only what hangs on an answer waits for it.
 */

import { DescribeScalableTargetsCommand } from "@aws-sdk/client-application-auto-scaling";
import { DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import {
  DescribeAlarmsCommand,
  ListMetricsCommand,
  ListTagsForResourceCommand,
  paginateDescribeAlarms,
  paginateGetMetricData,
} from "@aws-sdk/client-cloudwatch";
import { BatchGetImageCommand } from "@aws-sdk/client-ecr";
import {
  DescribeServiceDeploymentsCommand,
  DescribeServiceRevisionsCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ListServiceDeploymentsCommand,
  paginateListTasks,
} from "@aws-sdk/client-ecs";
import {
  DescribeTargetGroupAttributesCommand,
  DescribeTargetHealthCommand,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { GetParameterCommand } from "@aws-sdk/client-ssm";
import { atOnce, cloudformation, cloudwatch, ecr, ecs, elb, scaling, ssm } from "./clients.js";
import { BRAKE, BRAKE_WINDOW_MS, lastGood } from "./decide.js";
import * as ledger from "./ledger.js";

const LOOKBACK_MS = 3 * 3600 * 1000;
const DAY_MS = 24 * 3600 * 1000;
// The describing calls of ECS take no more at once.
const MOST_DEPLOYMENTS = 20;
const MOST_TASKS = 100;
// More would hardly say more, and each is paid for.
const MOST_OTHERS = 8;
const ALARM_TYPES = ["MetricAlarm", "CompositeAlarm"];
// All four, or ECR may answer for one platform of an image of several.
const MEDIA_TYPES = [
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.oci.image.index.v1+json",
];

/** All that the event itself is enough to ask for. */
export function first(signal, now) {
  const before = (days) => new Date(now.getTime() - days * DAY_MS);
  return atOnce({
    alarm: alarm(signal.alarm),
    tags: tags(signal.arn),
    record: ledger.read(`service#${signal.key}`),
    seen: ledger.seen(signal.event),
    service: service(signal),
    deployments: newestDeployments(signal),
    firing: firing(),
    stopped: stoppedTasks(signal),
    scaling: scalableTarget(signal),
    healthIssues: ledger.healthIssues(),
    metrics: series({ ...metrics(signal), ...utilisation(signal) }, now),
    yesterday: series(metrics(signal), before(1)),
    lastWeek: series(metrics(signal), before(7)),
    others: others(signal),
    ...switches(now),
  });
}

/**
 * The scene with what hangs on the answers so far: targets and stack on the service,
 * others' metrics on who they are, revisions on the deployments, and on both what a rollback would return to.
 */
export async function rest(scene, now) {
  const groups = scene.service.loadBalancers.map((balancer) => balancer.targetGroupArn);
  const second = await atOnce({
    stack: stackStatus(scene.service),
    deployments: describedDeployments(scene.deployments),
    targets: Promise.all(groups.map(targetsOf)),
    others: Object.keys(scene.others).length > 0 ? series(scene.others, now) : {},
  });
  const deployments = await withRevisions(second.deployments);
  const good = lastGood(deployments);
  const found = good ? await preflight(good, deployments[0].target) : {};
  return { ...scene, ...second, deployments, ...found };
}

/** What forbids the remedies of every service. */
export function switches(now) {
  return {
    fleet: ledger.read("fleet"),
    openings: ledger.openings(new Date(now.getTime() - BRAKE_WINDOW_MS), BRAKE),
    halted: halted(),
  };
}

/** The service as it is now, with its tags. */
export async function service({ cluster, service }) {
  const command = new DescribeServicesCommand({ cluster, services: [service], include: ["TAGS"] });
  return (await ecs.send(command)).services[0];
}

/** Only the one word says that remedies may run. */
async function halted() {
  const command = new GetParameterCommand({ Name: process.env.NIGHTSHIFT_HALT_PARAMETER });
  return (await ssm.send(command)).Parameter.Value.trim() !== "running";
}

async function alarm(name) {
  const command = new DescribeAlarmsCommand({ AlarmNames: [name], AlarmTypes: ALARM_TYPES });
  const { MetricAlarms = [], CompositeAlarms = [] } = await cloudwatch.send(command);
  return [...MetricAlarms, ...CompositeAlarms][0];
}

async function tags(arn) {
  return (await cloudwatch.send(new ListTagsForResourceCommand({ ResourceARN: arn }))).Tags;
}

async function firing() {
  const pages = paginateDescribeAlarms(
    { client: cloudwatch, pageSize: 100 },
    { StateValue: "ALARM", AlarmTypes: ALARM_TYPES },
  );
  const names = [];
  for await (const { MetricAlarms = [], CompositeAlarms = [] } of pages) {
    names.push(...[...MetricAlarms, ...CompositeAlarms].map((alarm) => alarm.AlarmName));
  }
  return names;
}

/** AWS does not say in which order it lists, and the SDK has no paginator for it. */
async function newestDeployments({ cluster, service }) {
  const listed = [];
  let nextToken;
  do {
    const command = new ListServiceDeploymentsCommand({ cluster, service, maxResults: 100, nextToken });
    const page = await ecs.send(command);
    listed.push(...page.serviceDeployments);
    nextToken = page.nextToken;
  } while (nextToken);
  return listed
    .sort(newestFirst)
    .slice(0, MOST_DEPLOYMENTS)
    .map((brief) => brief.serviceDeploymentArn);
}

async function describedDeployments(arns) {
  if (arns.length === 0) return [];
  const command = new DescribeServiceDeploymentsCommand({ serviceDeploymentArns: arns });
  return (await ecs.send(command)).serviceDeployments.sort(newestFirst);
}

/**
 * The deployments, each with the revision that it brought. They end before the first of
 * which ECS describes it no longer: what ran there is unknown, so nothing beyond it may be
 * returned to, over it.
 */
async function withRevisions(deployments) {
  if (deployments.length === 0) return [];
  const arns = [...new Set(deployments.map((deployment) => deployment.targetServiceRevision.arn))];
  const command = new DescribeServiceRevisionsCommand({ serviceRevisionArns: arns });
  const { serviceRevisions } = await ecs.send(command);
  const named = new Map(serviceRevisions.map((revision) => [revision.serviceRevisionArn, revision]));
  const joined = deployments.map((deployment) => ({
    ...deployment,
    target: named.get(deployment.targetServiceRevision.arn),
  }));
  const unknown = joined.findIndex((deployment) => !deployment.target);
  return unknown < 0 ? joined : joined.slice(0, unknown);
}

async function stoppedTasks({ cluster, service }) {
  const pages = paginateListTasks(
    { client: ecs },
    { cluster, serviceName: service, desiredStatus: "STOPPED" },
  );
  const arns = [];
  for await (const page of pages) arns.push(...page.taskArns);
  const tasks = [];
  for (let start = 0; start < arns.length; start += MOST_TASKS) {
    const batch = arns.slice(start, start + MOST_TASKS);
    tasks.push(...(await ecs.send(new DescribeTasksCommand({ cluster, tasks: batch }))).tasks);
  }
  return tasks;
}

async function scalableTarget({ called }) {
  const command = new DescribeScalableTargetsCommand({
    ServiceNamespace: "ecs",
    ScalableDimension: "ecs:service:DesiredCount",
    ResourceIds: [`service/${called}`],
  });
  return (await scaling.send(command)).ScalableTargets[0];
}

/** The symptom, and the requests behind it where the alarm names a load balancer. */
function metrics({ metric }) {
  const { dimensions } = metric;
  const requests = { namespace: "AWS/ApplicationELB", name: "RequestCount", dimensions, stat: "Sum" };
  const balanced = dimensions.LoadBalancer && dimensions.TargetGroup;
  return { symptom: metric, ...(balanced ? { requests } : {}) };
}

/** The symptom of other target groups that get requests, and those requests. */
async function others({ metric }) {
  const { LoadBalancer, TargetGroup } = metric.dimensions;
  if (!LoadBalancer || !TargetGroup) {
    return {};
  }
  const command = new ListMetricsCommand({
    Namespace: "AWS/ApplicationELB",
    MetricName: "RequestCount",
    Dimensions: [{ Name: "LoadBalancer" }, { Name: "TargetGroup" }],
    RecentlyActive: "PT3H",
  });
  const { Metrics = [] } = await cloudwatch.send(command);
  const far = (dimensions) => Number(dimensions.LoadBalancer !== LoadBalancer);
  const listed = Metrics.filter(({ Dimensions }) => Dimensions.length === 2)
    .map(({ Dimensions }) => Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, Value])))
    .filter((dimensions) => dimensions.TargetGroup !== TargetGroup)
    .sort((a, b) => far(a) - far(b) || a.TargetGroup.localeCompare(b.TargetGroup))
    .slice(0, MOST_OTHERS);
  const wanted = listed.flatMap((dimensions, number) => [
    [`symptom${number}`, { ...metric, dimensions }],
    [
      `requests${number}`,
      { namespace: "AWS/ApplicationELB", name: "RequestCount", dimensions, stat: "Sum" },
    ],
  ]);
  return Object.fromEntries(wanted);
}

function utilisation({ cluster, service }) {
  const dimensions = { ClusterName: cluster, ServiceName: service };
  const of = (name) => ({ namespace: "AWS/ECS", name, dimensions, stat: "Average" });
  return { cpu: of("CPUUtilization"), memory: of("MemoryUtilization") };
}

async function series(wanted, until) {
  const pages = paginateGetMetricData(
    { client: cloudwatch },
    {
      MetricDataQueries: Object.entries(wanted).map(query),
      StartTime: new Date(until.getTime() - LOOKBACK_MS),
      EndTime: until,
      ScanBy: "TimestampAscending",
    },
  );
  const found = Object.fromEntries(Object.keys(wanted).map((id) => [id, []]));
  for await (const page of pages) {
    for (const { Id, Timestamps, Values } of page.MetricDataResults) {
      found[Id].push(...Timestamps.map((at, index) => ({ at, value: Values[index] })));
    }
  }
  return found;
}

/**
 * A query of one point a minute: when errors began is wanted to the minute, whatever the
 * alarm's own period.
 */
function query([Id, { namespace, name, dimensions, stat }]) {
  const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
  const Metric = { Namespace: namespace, MetricName: name, Dimensions };
  return { Id, MetricStat: { Metric, Period: 60, Stat: stat } };
}

async function targetsOf(group) {
  const [health, attributes] = await Promise.all([
    elb.send(new DescribeTargetHealthCommand({ TargetGroupArn: group })),
    elb.send(new DescribeTargetGroupAttributesCommand({ TargetGroupArn: group })),
  ]);
  return { group, health: health.TargetHealthDescriptions, attributes: attributes.Attributes };
}

/** What a rollback would return to, and what it would take back. */
async function preflight(good, suspect) {
  const images = [...new Set(good.containerImages.map((container) => container.image))];
  const found = await atOnce({
    good: taskDefinition(good.taskDefinition),
    suspect: taskDefinition(suspect.taskDefinition),
    digests: Promise.all(images.map(digest)),
  });
  return {
    ...found,
    digests: Object.fromEntries(images.map((image, index) => [image, found.digests[index]])),
  };
}

async function taskDefinition(arn) {
  const command = new DescribeTaskDefinitionCommand({ taskDefinition: arn, include: ["TAGS"] });
  const { taskDefinition, tags } = await ecs.send(command);
  return { ...taskDefinition, tags };
}

/** What an image of ECR's means now; `undefined` if it is gone, or not in ECR. */
async function digest(image) {
  const [registry, ...path] = image.split("/");
  if (!registry.includes(".dkr.ecr.")) return undefined;
  const [name, imageDigest] = path.join("/").split("@");
  const [repositoryName, imageTag = "latest"] = name.split(":");
  const command = new BatchGetImageCommand({
    registryId: registry.split(".")[0],
    repositoryName,
    imageIds: [imageDigest ? { imageDigest } : { imageTag }],
    acceptedMediaTypes: MEDIA_TYPES,
  });
  return (await ecr.send(command)).images[0]?.imageId.imageDigest;
}

async function stackStatus(live) {
  const stack = live.tags.find((tag) => tag.key === "aws:cloudformation:stack-name")?.value;
  if (!stack) return undefined;
  const { Stacks } = await cloudformation.send(new DescribeStacksCommand({ StackName: stack }));
  return Stacks[0].StackStatus;
}

const newestFirst = (one, other) => other.createdAt - one.createdAt;
