"""Everything that is read before a decision, in as few rounds as the answers allow.

The event names the alarm, the service and the metric, so nearly all can be asked at
once; only what hangs on an answer waits for it.
"""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import ledger
from clients import at_once, cloudformation, cloudwatch, ecr, ecs, elb, scaling, ssm
from decide import BRAKE, BRAKE_WINDOW, last_good
from signals import Metric, Signal

LOOKBACK = timedelta(hours=3)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)
# The describing calls of ECS take no more at once.
MOST_DEPLOYMENTS = 20
# All four, or ECR may answer for one platform of an image of several.
MEDIA_TYPES = [
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
]

Found = dict[str, Any]
Reads = dict[str, Callable[[], Any]]


def first(signal: Signal, now: datetime) -> Found:
    """All that the event itself is enough to ask for."""
    return at_once(
        alarm=lambda: _alarm(signal.alarm),
        tags=lambda: cloudwatch.list_tags_for_resource(ResourceARN=signal.arn)["Tags"],
        record=lambda: ledger.read(f"service#{signal.key}"),
        service=lambda: service(signal),
        deployments=lambda: _newest_deployments(signal),
        firing=_firing,
        stopped=lambda: _stopped_tasks(signal),
        scaling=lambda: _scalable_target(signal),
        health_issues=ledger.health_issues,
        metrics=lambda: _series(_metrics(signal) | _utilisation(signal), now),
        yesterday=lambda: _series(_metrics(signal), now - DAY),
        last_week=lambda: _series(_metrics(signal), now - WEEK),
        **switches(now),
    )


def rest(scene: Found) -> Found:
    """The scene with what hangs on the answers so far: targets and stack on the service,
    revisions on the deployments, and on both what a rollback would return to."""
    live = scene["service"]
    reads: Reads = {"stack": lambda: _stack_status(live)}
    if arns := scene["deployments"]:
        reads["deployments"] = lambda: _described_deployments(arns)
    groups = [balancer["targetGroupArn"] for balancer in live["loadBalancers"]]
    for group in groups:
        reads[f"health {group}"] = lambda group=group: elb.describe_target_health(
            TargetGroupArn=group
        )["TargetHealthDescriptions"]
        reads[f"attributes {group}"] = lambda group=group: elb.describe_target_group_attributes(
            TargetGroupArn=group
        )["Attributes"]
    scene = scene | {"groups": groups} | at_once(**reads)
    scene["deployments"] = _with_revisions(scene["deployments"])
    if good := last_good(scene["deployments"]):
        scene |= at_once(**_preflight(good, scene["deployments"][0]["target"]))
    return scene


def switches(now: datetime) -> Reads:
    """Reads of what forbids the remedies of every service."""
    return {
        "fleet": lambda: ledger.read("fleet"),
        "openings": lambda: ledger.openings(now - BRAKE_WINDOW, BRAKE),
        "halted": _halted,
    }


def service(signal: Signal) -> Found:
    """The service as it is now, with its tags."""
    found = ecs.describe_services(
        cluster=signal.cluster, services=[signal.service], include=["TAGS"]
    )
    return found["services"][0]


def _halted() -> bool:
    """Only the one word says that remedies may run."""
    found = ssm.get_parameter(Name=os.environ["NIGHTSHIFT_HALT_PARAMETER"])
    return found["Parameter"]["Value"].strip() != "running"


def _alarm(name: str) -> Found | None:
    found = cloudwatch.describe_alarms(
        AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    return next(iter(found["MetricAlarms"] + found["CompositeAlarms"]), None)


def _firing() -> list[str]:
    pages = cloudwatch.get_paginator("describe_alarms").paginate(
        StateValue="ALARM", AlarmTypes=["MetricAlarm", "CompositeAlarm"], MaxRecords=100
    )
    return [
        alarm["AlarmName"]
        for page in pages
        for alarm in page["MetricAlarms"] + page["CompositeAlarms"]
    ]


def _newest_deployments(signal: Signal) -> list[str]:
    """AWS does not say in which order it lists, and boto3 has no paginator for it."""
    page: Found = {"nextToken": ""}
    listed = []
    while "nextToken" in page:
        more = {"nextToken": page["nextToken"]} if page["nextToken"] else {}
        page = ecs.list_service_deployments(
            cluster=signal.cluster, service=signal.service, maxResults=100, **more
        )
        listed += page["serviceDeployments"]
    listed.sort(key=lambda brief: brief["createdAt"], reverse=True)
    return [brief["serviceDeploymentArn"] for brief in listed[:MOST_DEPLOYMENTS]]


def _described_deployments(arns: list[str]) -> list[Found]:
    """Newest first."""
    found = ecs.describe_service_deployments(serviceDeploymentArns=arns)["serviceDeployments"]
    return sorted(found, key=lambda deployment: deployment["createdAt"], reverse=True)


def _with_revisions(deployments: list[Found]) -> list[Found]:
    """The deployments, each with the revision that it brought. They end before the first
    of which ECS describes it no longer: what ran there is unknown, so nothing beyond it
    may be returned to, over it."""
    if not deployments:
        return []
    arns = {deployment["targetServiceRevision"]["arn"] for deployment in deployments}
    found = ecs.describe_service_revisions(serviceRevisionArns=sorted(arns))["serviceRevisions"]
    named = {revision["serviceRevisionArn"]: revision for revision in found}
    joined = []
    for deployment in deployments:
        if not (target := named.get(deployment["targetServiceRevision"]["arn"])):
            break
        joined.append(deployment | {"target": target})
    return joined


def _stopped_tasks(signal: Signal) -> list[Found]:
    pages = ecs.get_paginator("list_tasks").paginate(
        cluster=signal.cluster, serviceName=signal.service, desiredStatus="STOPPED"
    )
    arns = [arn for page in pages for arn in page["taskArns"]]
    tasks = []
    for start in range(0, len(arns), 100):
        batch = arns[start : start + 100]
        tasks += ecs.describe_tasks(cluster=signal.cluster, tasks=batch)["tasks"]
    return tasks


def _scalable_target(signal: Signal) -> Found | None:
    found = scaling.describe_scalable_targets(
        ServiceNamespace="ecs",
        ScalableDimension="ecs:service:DesiredCount",
        ResourceIds=[f"service/{signal.called}"],
    )
    return next(iter(found["ScalableTargets"]), None)


def _metrics(signal: Signal) -> dict[str, Metric]:
    """The symptom, and the requests behind it where the alarm names a load balancer."""
    metrics = {"symptom": signal.metric}
    if {"LoadBalancer", "TargetGroup"} <= signal.metric.dimensions.keys():
        dimensions = signal.metric.dimensions
        metrics["requests"] = Metric("AWS/ApplicationELB", "RequestCount", dimensions, "Sum")
    return metrics


def _utilisation(signal: Signal) -> dict[str, Metric]:
    dimensions = {"ClusterName": signal.cluster, "ServiceName": signal.service}
    return {
        "cpu": Metric("AWS/ECS", "CPUUtilization", dimensions, "Average"),
        "memory": Metric("AWS/ECS", "MemoryUtilization", dimensions, "Average"),
    }


def _series(metrics: dict[str, Metric], until: datetime) -> dict[str, list[tuple[datetime, float]]]:
    pages = cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=[metric.query(id) for id, metric in metrics.items()],
        StartTime=until - LOOKBACK,
        EndTime=until,
        ScanBy="TimestampAscending",
    )
    series: dict[str, list[tuple[datetime, float]]] = {id: [] for id in metrics}
    for page in pages:
        for result in page["MetricDataResults"]:
            series[result["Id"]] += zip(result["Timestamps"], result["Values"], strict=True)
    return series


def _preflight(good: Found, suspect: Found) -> Reads:
    """Reads of what a rollback would return to, and of what it would take back."""
    reads: Reads = {
        "good": lambda: _task_definition(good["taskDefinition"]),
        "suspect": lambda: _task_definition(suspect["taskDefinition"]),
    }
    for image in {container["image"] for container in good["containerImages"]}:
        reads[f"image {image}"] = lambda image=image: _digest(image)
    return reads


def _task_definition(arn: str) -> Found:
    found = ecs.describe_task_definition(taskDefinition=arn, include=["TAGS"])
    return found["taskDefinition"] | {"tags": found["tags"]}


def _digest(image: str) -> str | None:
    """What an image of ECR's means now; `None` if it is gone, or not in ECR."""
    registry, _, rest = image.partition("/")
    if ".dkr.ecr." not in registry:
        return None
    sign, by = ("@", "imageDigest") if "@" in rest else (":", "imageTag")
    repository, _, name = rest.partition(sign)
    found = ecr.batch_get_image(
        registryId=registry.split(".")[0],
        repositoryName=repository,
        imageIds=[{by: name or "latest"}],
        acceptedMediaTypes=MEDIA_TYPES,
    )
    return next((one["imageId"]["imageDigest"] for one in found["images"]), None)


def _stack_status(live: Found) -> str | None:
    tags = {tag["key"]: tag["value"] for tag in live["tags"]}
    stack = tags.get("aws:cloudformation:stack-name")
    if not stack:
        return None
    return cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
