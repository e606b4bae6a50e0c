"""Everything that is read before a decision, in as few rounds as the answers allow.

The event names the alarm, the service and the metric, so nearly all can be asked at
once; only what hangs on an answer waits for it.
"""

import os
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import ledger
from clients import (
    answers,
    cloudformation,
    cloudwatch,
    dynamodb,
    ecr,
    ecs,
    elb,
    scaling,
    soon,
    ssm,
)
from decide import BRAKE, BRAKE_WINDOW, last_good
from signals import Metric, Signal

LOOKBACK = timedelta(hours=3)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)
# The describing calls of ECS take no more at once.
MOST_DEPLOYMENTS = 20
# More would hardly say more, and each is paid for.
MOST_OTHERS = 8
# All four, or ECR may answer for one platform of an image of several.
MEDIA_TYPES = [
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
]

Found = dict[str, Any]
Asked = dict[str, Future[Any]]


def first(signal: Signal, now: datetime) -> Found:
    """All that the event itself is enough to ask for."""
    metrics = _metrics(signal)
    return answers(
        alarm=soon(cloudwatch, _alarm, signal.alarm),
        tags=soon(cloudwatch, _tags, signal.arn),
        record=soon(dynamodb, ledger.read, f"service#{signal.key}"),
        service=soon(ecs, service, signal),
        deployments=soon(ecs, _newest_deployments, signal),
        firing=soon(cloudwatch, _firing),
        stopped=soon(ecs, _stopped_tasks, signal),
        scaling=soon(scaling, _scalable_target, signal),
        health_issues=soon(dynamodb, ledger.health_issues),
        metrics=soon(cloudwatch, _series, metrics | _utilisation(signal), now),
        yesterday=soon(cloudwatch, _series, metrics, now - DAY),
        last_week=soon(cloudwatch, _series, metrics, now - WEEK),
        others=soon(cloudwatch, _others, signal),
        **switches(now),
    )


def rest(scene: Found, now: datetime) -> Found:
    """The scene with what hangs on the answers so far: targets and stack on the service,
    others' metrics on who they are, revisions on the deployments, and on both what a
    rollback would return to."""
    live = scene["service"]
    found = answers(
        deployments=soon(ecs, _with_revisions, scene["deployments"]),
        stack=soon(cloudformation, _stack_status, live),
        targets=soon(elb, _targets, live),
        others=soon(cloudwatch, _series_of_others, scene["others"], now),
    )
    if good := last_good(found["deployments"]):
        found |= answers(**_preflight(good, found["deployments"][0]["target"]))
    return scene | found


def switches(now: datetime) -> Asked:
    """What forbids the remedies of every service."""
    return {
        "fleet": soon(dynamodb, ledger.read, "fleet"),
        "openings": soon(dynamodb, ledger.openings, now - BRAKE_WINDOW, BRAKE),
        "halted": soon(ssm, _halted),
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


def _tags(arn: str) -> list[Found]:
    return cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]


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


def _with_revisions(arns: list[str]) -> list[Found]:
    """The deployments, newest first, each with the revision that it brought. They end
    before the first of which ECS describes it no longer: what ran there is unknown, so
    nothing beyond it may be returned to, over it."""
    if not arns:
        return []
    deployments = ecs.describe_service_deployments(serviceDeploymentArns=arns)
    found = deployments["serviceDeployments"]
    targets = {deployment["targetServiceRevision"]["arn"] for deployment in found}
    revisions = ecs.describe_service_revisions(serviceRevisionArns=sorted(targets))
    named = {one["serviceRevisionArn"]: one for one in revisions["serviceRevisions"]}
    joined = []
    for deployment in sorted(found, key=lambda one: one["createdAt"], reverse=True):
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


def _others(signal: Signal) -> dict[str, Metric]:
    """The symptom of other target groups that get requests, and those requests."""
    ours = signal.metric.dimensions
    if not {"LoadBalancer", "TargetGroup"} <= ours.keys():
        return {}
    listed = cloudwatch.list_metrics(
        Namespace="AWS/ApplicationELB",
        MetricName="RequestCount",
        Dimensions=[{"Name": "LoadBalancer"}, {"Name": "TargetGroup"}],
        RecentlyActive="PT3H",
    )
    found = [
        {one["Name"]: one["Value"] for one in metric["Dimensions"]} for metric in listed["Metrics"]
    ]
    others = [
        dimensions
        for dimensions in found
        if len(dimensions) == 2 and dimensions["TargetGroup"] != ours["TargetGroup"]
    ]
    others.sort(key=lambda one: (one["LoadBalancer"] != ours["LoadBalancer"], one["TargetGroup"]))
    metrics = {}
    for number, dimensions in enumerate(others[:MOST_OTHERS]):
        metrics[f"symptom{number}"] = replace(signal.metric, dimensions=dimensions)
        metrics[f"requests{number}"] = Metric(
            "AWS/ApplicationELB", "RequestCount", dimensions, "Sum"
        )
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


def _series_of_others(
    metrics: dict[str, Metric], now: datetime
) -> dict[str, list[tuple[datetime, float]]]:
    return _series(metrics, now) if metrics else {}


def _targets(live: Found) -> list[Found]:
    """Health and attributes of the service's target groups."""
    targets = []
    for balancer in live["loadBalancers"]:
        group = balancer["targetGroupArn"]
        health = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        attributes = elb.describe_target_group_attributes(TargetGroupArn=group)["Attributes"]
        targets.append({"group": group, "health": health, "attributes": attributes})
    return targets


def _preflight(good: Found, suspect: Found) -> Asked:
    """What a rollback would return to, and what it would take back."""
    images = sorted({container["image"] for container in good["containerImages"]})
    return {
        "good": soon(ecs, _task_definition, good["taskDefinition"]),
        "suspect": soon(ecs, _task_definition, suspect["taskDefinition"]),
        "digests": soon(ecr, _digests, images),
    }


def _digests(images: list[str]) -> dict[str, str | None]:
    return {image: _digest(image) for image in images}


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
