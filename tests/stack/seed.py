"""What ministack holds of a scenario: load balancers, metrics, alarms, logs, log groups.

The simulator says what there is; ministack gives load balancers ids of its own,
so the simulator is started on a copy of the scenario that has them.
"""

import json
import re
import time
import tomllib

# PutMetricData takes so many at once.
DATAPOINTS = 1000
SERVICE = re.compile(r"^\[\[service\]\]\s*$", re.MULTILINE)
NAMED = re.compile(r"^(target_group|load_balancer)\s*=.*\n", re.MULTILINE)


def load_balancers(ministack, scenario, folder):
    """Makes every service's, with healthy targets; returns the scenario that knows them."""
    text = scenario.read_text(encoding="utf-8")
    services = tomllib.loads(text)["service"]
    head, *parts = SERVICE.split(text)
    assert len(parts) == len(services), f"{scenario}: every [[service]] needs a line of its own"
    balancers, groups = {}, {}
    for index, (service, part) in enumerate(zip(services, parts, strict=True)):
        group = service.get("target_group", service["name"])
        if group:
            balancer = service.get("load_balancer", "prod").split("/")[0]
            if balancer not in balancers:
                balancers[balancer] = _load_balancer(ministack, balancer)
            group = group.split("/")[0]
            if group not in groups:
                groups[group] = _target_group(
                    ministack, group, balancers[balancer], 8000 + index, service.get("desired", 4)
                )
            names = groups[group]
            part = f'\ntarget_group = "{names[0]}"\nload_balancer = "{names[1]}"' + NAMED.sub("", part)
        parts[index] = part
    copy = folder / "scenario.toml"
    # Its ids hold ministack's account.
    account = ministack.client("sts").get_caller_identity()["Account"]
    head = re.sub(r"^account\s*=.*\n", "", head, flags=re.MULTILINE)
    copy.write_text(f'account = "{account}"\n' + "[[service]]".join([head, *parts]), encoding="utf-8")
    return copy


def _load_balancer(ministack, name, kind="application"):
    made = ministack.client("elbv2").create_load_balancer(Name=name, Subnets=["subnet-a", "subnet-b"], Type=kind)
    return made["LoadBalancers"][0]["LoadBalancerArn"]


def _target_group(ministack, name, balancer, port, targets):
    """Names of target group and load balancer, each with its id, as a scenario has them."""
    elb = ministack.client("elbv2")
    made = elb.create_target_group(
        Name=name, Protocol="HTTP", Port=8080, VpcId="vpc-00000001", TargetType="ip"
    )
    group = made["TargetGroups"][0]["TargetGroupArn"]
    elb.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTP",
        Port=port,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    elb.register_targets(
        TargetGroupArn=group, Targets=[{"Id": f"10.0.0.{number}"} for number in range(10, 10 + targets)]
    )
    return group.split(":targetgroup/")[1], balancer.split(":loadbalancer/app/")[1]


# Tells nobody that something is wrong.
LOAD = ("CPUUtilization", "MemoryUtilization", "RequestCount")


def _going_on(points, minutes, trouble):
    newest = {}
    for point in points:
        if trouble or point["MetricName"] in LOAD:
            of = json.dumps([point["MetricName"], point["Dimensions"]])
            newest[of] = max(newest.get(of, point), point, key=lambda one: one["Timestamp"])
    return [
        last | {"Timestamp": last["Timestamp"] + 60 * minute}
        for last in newest.values()
        for minute in range(1, minutes + 1)
    ]


def metrics_and_alarms(ministack, simulator, topic, hours=3, ahead=0, trouble=False):
    """The scenario's metrics up to now, and its alarms, all of them quiet; they tell `topic`.

    Load goes on as it is for `ahead` minutes: nothing heals without fresh datapoints, and
    ministack judges every alarm anew by each that is put later. With `trouble` everything does,
    for who is asked again minutes later finds no trouble that has passed by itself.
    """
    cloudwatch = ministack.client("cloudwatch")
    for request in simulator.get(f"/_sim/metrics?hours={hours}"):
        points = request["MetricData"] + _going_on(request["MetricData"], ahead, trouble)
        for start in range(0, len(points), DATAPOINTS):
            cloudwatch.put_metric_data(
                Namespace=request["Namespace"], MetricData=points[start : start + DATAPOINTS]
            )
    alarms = simulator.get("/_sim/alarms")
    told = {"AlarmActions": [topic], "OKActions": [topic]}
    for kind, put in (
        ("PutMetricAlarm", cloudwatch.put_metric_alarm),
        ("PutCompositeAlarm", cloudwatch.put_composite_alarm),
    ):
        for alarm in alarms[kind]:
            # ministack judges an alarm as soon as it is put, by the datapoints of all
            # services together. Nobody is told until it is quiet.
            put(**alarm | told | {"ActionsEnabled": False})
            name = alarm["AlarmName"]
            cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="quiet")
            if alarm["ActionsEnabled"]:
                cloudwatch.enable_alarm_actions(AlarmNames=[name])


def beside(ministack, scenario):
    """What no service of the scenario has: load balancers and log groups, with what these store."""
    account = tomllib.loads(scenario.read_text(encoding="utf-8"))
    for balancer in account.get("load_balancer", []):
        _load_balancer(ministack, balancer["name"], "network" if balancer.get("network") else "application")
    client = ministack.client("logs")
    for group in account.get("log_group", []):
        numbered = [f"{group['name']}-{number:04}" for number in range(1, group.get("count", 0) + 1)]
        for name in numbered or [group["name"]]:
            client.create_log_group(logGroupName=name)
            if "retention_days" in group:
                client.put_retention_policy(logGroupName=name, retentionInDays=group["retention_days"])
            if group.get("stored_bytes"):
                client.create_log_stream(logGroupName=name, logStreamName="stored")
                event = {"timestamp": int(time.time() * 1000), "message": "x" * group["stored_bytes"]}
                client.put_log_events(logGroupName=name, logStreamName="stored", logEvents=[event])


def logs(ministack, simulator):
    """What the tasks that ran within the last hours have said."""
    client, groups = ministack.client("logs"), set()
    for request in simulator.get("/_sim/logs"):
        group, stream = request["logGroupName"], request["logStreamName"]
        if group not in groups:
            client.create_log_group(logGroupName=group)
            groups.add(group)
        client.create_log_stream(logGroupName=group, logStreamName=stream)
        client.put_log_events(**request)
