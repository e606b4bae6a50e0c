"""An emulated account of its own for each worker, made anew for each run.

The stack is deployed once, for what it says: each function's environment, how often its
events are delivered again, the ledger's table. A worker's account then has the same parts
under the same names, and no deployed function: the binaries run in `runtime.Lambda`.
"""

import contextlib
import json
import math
import time
import urllib.request
import uuid
from datetime import UTC, datetime
from pathlib import Path

import account
import boto3
import seed
from chat import Chat
from processes import REGION, binary, credentials, free_port

from .clock import Clock
from .runtime import Lambda
from .wire import Wire

HERE = Path(__file__).resolve().parent
# Of metrics, up to now.
HOURS = 1
# Minutes for which they go on: what is delivered again comes up to three minutes later.
AHEAD = 20
SECRET = {"slack_bot_token": "xoxb-prove", "pagerduty_routing_key": "R" * 32}


def deployed(folder):
    """Deploys the real template once, and gives what is to be known of it."""
    folder = Path(folder)
    ministack = account.Ministack(folder)
    try:
        secret = ministack.client("secretsmanager").create_secret(Name="chat", SecretString=json.dumps(SECRET))
        code = {name: binary(name) for name in account.FUNCTIONS}
        template = account.packaged(folder / "package", code, HERE / "policy")
        outputs = account.deploy(ministack, template, {"NotifierSecretArn": secret["ARN"], "SlackChannel": "C0LOCAL"})
        return blueprint(ministack, outputs)
    finally:
        ministack.stop()


def blueprint(ministack, outputs):
    """What each function of a deployed stack was given, and the ledger's table."""
    table = ministack.client("dynamodb").describe_table(TableName=outputs["LedgerTable"])["Table"]
    indices = [
        {key: index[key] for key in ("IndexName", "KeySchema", "Projection")}
        for index in table["GlobalSecondaryIndexes"]
    ]
    return {
        "functions": {name: _deployed(ministack, name) for name in account.FUNCTIONS},
        "table": {key: table[key] for key in ("TableName", "KeySchema", "AttributeDefinitions")}
        | {"GlobalSecondaryIndexes": indices},
    }


def _deployed(ministack, name):
    client, function = ministack.client("lambda"), f"{account.STACK}-{name}"
    found = client.get_function_configuration(FunctionName=function, Qualifier="live")
    again = client.get_function_event_invoke_config(FunctionName=function, Qualifier="live")
    return {
        "name": function,
        "variables": found["Environment"]["Variables"],
        "memory": found["MemorySize"],
        "retries": again["MaximumRetryAttempts"],
    }


class World:
    """One worker's account, and the functions in it."""

    def __init__(self, folder, blueprint):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.blueprint = blueprint
        self.wire = Wire()
        self.clock = Clock(self.folder)
        self.ministack = account.Ministack(self.folder)
        self._clients = {}
        self.simulator = self.chat = None
        # Always the same one, so that a client of it can be kept.
        self._port = free_port()
        self.account = self.client("sts").get_caller_identity()["Account"]
        self.functions = {name: self._function(name) for name in blueprint["functions"]}
        self._known = {}
        # Scenario, the minute of its event, and the copy of it that knows the load balancers.
        self._seeded = None

    def client(self, service):
        """A client of ministack: making one takes longer than a call."""
        if service not in self._clients:
            self._clients[service] = self.ministack.client(service)
        return self._clients[service]

    def simulated(self, service):
        """A client of the simulator."""
        name = f"simulated {service}"
        if name not in self._clients:
            self._clients[name] = boto3.client(
                service, endpoint_url=f"http://127.0.0.1:{self._port}", region_name=REGION,
                aws_access_key_id="test", aws_secret_access_key="test",
            )  # fmt: skip
        return self._clients[name]

    def _function(self, name):
        deployed = self.blueprint["functions"][name]
        env = credentials() | self.clock.env | deployed["variables"] | {
            "AWS_LAMBDA_FUNCTION_NAME": deployed["name"],
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(deployed["memory"]),
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_ENDPOINT_URL": self.wire.url,
            "NIGHTSHIFT_SLACK_URL": self.wire.url,
            "NIGHTSHIFT_PAGERDUTY_URL": self.wire.url,
        }  # fmt: skip
        return Lambda(name, binary(name), env, self.folder / f"{name}.log", self.clock.now)

    # ---- a run ----

    def begin(self, scenario, disturbance, policy, secret):
        """Makes the account as the scenario has it; the scenario's event is now.

        Metrics are most of the work. Until the next minute, when the scenario's event would be
        another one, those that are there are those that would be put.
        """
        self.end()
        self._known = {}
        self.clock.set(0)
        self.chat = Chat()
        places = {"aws": self.ministack.url, "chat": self.chat.url}
        # So that uploads are calls like any other.
        self.chat.url = self.wire.url
        minute = int(time.time()) // 60
        fresh = self._seeded is None or self._seeded[:2] != (scenario, minute)
        if fresh:
            self._seeded = None
            reset = urllib.request.Request(f"{self.ministack.url}/_ministack/reset", method="POST")
            urllib.request.urlopen(reset).read()
            self._parts()
            known = seed.load_balancers(self, scenario, self.folder)
        else:
            known = self._seeded[2]
            self._ledger_anew()
            self._no_timers()
        self.simulator = account.Simulator(known, self.folder, self._port)
        if int(time.time()) // 60 != minute:
            # Its event is in another minute than the metrics that tell of it.
            return self.begin(scenario, disturbance, policy, secret)
        if fresh:
            topic = self._variable("NIGHTSHIFT_NOTICE_TOPIC")
            seed.metrics_and_alarms(self, self.simulator, topic, hours=HOURS, ahead=AHEAD, trouble=True)
            self._seeded = scenario, minute, known
        else:
            self._quiet()
        for function in self.functions.values():
            function.env["NIGHTSHIFT_POLICY"] = str(HERE / "policy" / f"{policy}.toml")
        self.client("secretsmanager").put_secret_value(SecretId="chat", SecretString=json.dumps(secret))
        self.wire.begin(places | {"simulator": self.simulator.url}, disturbance)

    def _ledger_anew(self):
        self.client("dynamodb").delete_table(TableName=self.blueprint["table"]["TableName"])
        self.client("dynamodb").create_table(BillingMode="PAY_PER_REQUEST", **self.blueprint["table"])

    def _no_timers(self):
        scheduler, group = self.client("scheduler"), self._variable("NIGHTSHIFT_TIMER_GROUP")
        for one in scheduler.list_schedules(GroupName=group)["Schedules"]:
            scheduler.delete_schedule(GroupName=group, Name=one["Name"])

    def _quiet(self):
        cloudwatch = self.client("cloudwatch")
        for alarm in cloudwatch.describe_alarms()["MetricAlarms"]:
            if alarm["StateValue"] != "OK":
                cloudwatch.set_alarm_state(AlarmName=alarm["AlarmName"], StateValue="OK", StateReason="quiet")

    def end(self):
        """Ends the run's processes."""
        for function in self.functions.values():
            function.rest()
        for part in (self.simulator, self.chat):
            if part:
                part.stop()
        self.simulator = self.chat = None

    def _variable(self, name):
        """A variable that several functions have alike."""
        values = {deployed["variables"].get(name) for deployed in self.blueprint["functions"].values()} - {None}
        (value,) = values
        return value

    def _parts(self):
        """What the functions know by name."""
        self.client("dynamodb").create_table(BillingMode="PAY_PER_REQUEST", **self.blueprint["table"])
        for topic in ("NIGHTSHIFT_NOTICE_TOPIC", "NIGHTSHIFT_PAGE_TOPIC"):
            self.client("sns").create_topic(Name=self._variable(topic).rpartition(":")[2])
        self.client("scheduler").create_schedule_group(Name=self._variable("NIGHTSHIFT_TIMER_GROUP"))
        secret = self.client("secretsmanager").create_secret(Name="chat", SecretString=json.dumps(SECRET))
        # Its ARN ends in six characters by chance.
        self.functions["notifier"].env["NIGHTSHIFT_SECRET"] = secret["ARN"]
        self.client("s3").create_bucket(
            Bucket=self._variable("NIGHTSHIFT_PICTURE_BUCKET"),
            CreateBucketConfiguration={"LocationConstraint": REGION},
        )

    def ring(self, alarm, state="ALARM"):
        """Sets an alarm; the event of it that EventBridge would deliver."""
        cloudwatch = self.client("cloudwatch")
        before = cloudwatch.describe_alarms(AlarmNames=[alarm])["MetricAlarms"][0]
        cloudwatch.set_alarm_state(AlarmName=alarm, StateValue=state, StateReason=f"{state} by the test")
        after = cloudwatch.describe_alarms(AlarmNames=[alarm])["MetricAlarms"][0]
        stamp = lambda found: found["StateUpdatedTimestamp"].isoformat(timespec="milliseconds")  # noqa: E731
        return {
            "version": "0",
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{alarm}/{state}")),
            "detail-type": "CloudWatch Alarm State Change",
            "source": "aws.cloudwatch",
            "account": self.account,
            "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": REGION,
            "resources": [after["AlarmArn"]],
            "detail": {
                "alarmName": alarm,
                "state": {"value": state, "reason": f"{state} by the test", "timestamp": stamp(after)},
                "previousState": {"value": before["StateValue"], "reason": "quiet", "timestamp": stamp(before)},
                "configuration": {"description": after.get("AlarmDescription"), "metrics": [{
                    "id": "m1", "returnData": True,
                    "metricStat": {
                        "metric": {
                            "namespace": after["Namespace"], "name": after["MetricName"],
                            "dimensions": {one["Name"]: one["Value"] for one in after["Dimensions"]},
                        },
                        "period": after["Period"], "stat": after["Statistic"],
                    },
                }]},
            },
        }  # fmt: skip

    def pass_by(self, seconds):
        """So much time passes, for the functions and for ECS."""
        if seconds:
            self.clock.pass_by(seconds)
            self.simulator.advance(seconds)

    # ---- timers ----

    def timers(self):
        """The timers that are set, by name: (when in epoch seconds, function, event).

        As the wire saw them: ministack fires and deletes by itself what is due, at a function
        that it has not.
        """
        for name, made in self.wire.take_schedules().items():
            at = made["ScheduleExpression"].removeprefix("at(").removesuffix(")")
            function = made["Target"]["Arn"].split(":function:")[1].split(":")[0].removeprefix(f"{account.STACK}-")
            when = datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp()
            self._known[name] = (when, function, json.loads(made["Target"]["Input"]))
        return self._known

    def fire(self, name):
        """Takes a timer when it is due, which is at once: function and event."""
        when, function, event = self._known.pop(name)
        # A moment that is near is set five seconds ahead, for AWS takes none of the past;
        # the timer's own moment is the one that counts.
        when = min(when, datetime.fromisoformat(event["at"]).timestamp())
        self.pass_by(max(0, math.ceil(when - self.clock.now())))
        with contextlib.suppress(self.client("scheduler").exceptions.ResourceNotFoundException):
            self.client("scheduler").delete_schedule(GroupName=self._variable("NIGHTSHIFT_TIMER_GROUP"), Name=name)
        return function, event

    def items(self):
        """The whole ledger."""
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName=self.blueprint["table"]["TableName"])
        return [item for page in pages for item in page["Items"]]

    def stop(self):
        """Ends everything."""
        self.end()
        for function in self.functions.values():
            function.stop()
        self.ministack.stop()
        self.wire.stop()

