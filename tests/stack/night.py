"""A night on the local account: rings alarms, and looks at what came of them.

Everything is read where a person would read it: in the account, in the ledger, in
the chat.
"""

import gzip
import json
from contextlib import contextmanager

import account
import boto3
from botocore.config import Config
from processes import REGION, TookTooLong, until

# Timers fire at ministack's next sweep, which comes every ten seconds.
SWEEPS = 120.0
# ministack takes every schedule for one of the default group when it asks IAM.
WRONG_SCHEDULES = {
    "Version": "2012-10-17",
    "Statement": [{
        "Effect": "Allow",
        "Action": "scheduler:CreateSchedule",
        "Resource": f"arn:aws:scheduler:{REGION}:*:schedule/default/*",
    }],
}  # fmt: skip


class Night:
    """The stack, its account and its chat, with IAM enforced."""

    def __init__(self, folder, scenario, policy, chat):
        self.chat = chat
        self.stack = account.LocalStack(folder, scenario, chat.url, policy, {"AUTH": "true"})
        self.table = self.stack.outputs["LedgerTable"]
        self.ids = {name: id for name, (_, id) in account.resources(self.stack.ministack).items()}
        for role in ("AlarmResponderRole", "DeploymentGuardRole", "ImageGuardRole", "RemedyVerifierRole"):
            self.client("iam").put_role_policy(
                RoleName=self.ids[role], PolicyName="ministack", PolicyDocument=json.dumps(WRONG_SCHEDULES)
            )

    def client(self, service):
        """A client of ministack."""
        return self.stack.ministack.client(service)

    # ---- what the night does ----

    def ring(self, service, state="ALARM"):
        """Sets the service's alarm."""
        self.client("cloudwatch").set_alarm_state(
            AlarmName=f"prod-{service}-5xx", StateValue=state, StateReason=f"{state} by the test"
        )

    @contextmanager
    def ringing(self, service):
        """The service's alarm is in ALARM for so long."""
        self.ring(service)
        try:
            yield
        finally:
            self.ring(service, "OK")

    def invoke(self, function, event, **kwargs):
        """Invokes a function by hand: its error, if any, and its answer."""
        name = f"{account.STACK}-{function}"
        answer = self.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event), **kwargs)
        return answer.get("FunctionError"), json.loads(answer["Payload"].read() or "null")

    # ---- what came of it ----

    def item(self, pk, sk):
        """One item of the ledger, as DynamoDB has it."""
        key = {"pk": {"S": pk}, "sk": {"S": sk}}
        return self.client("dynamodb").get_item(TableName=self.table, Key=key).get("Item")

    def items(self, pk):
        """All items under one hash key."""
        return self.client("dynamodb").query(
            TableName=self.table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": pk}},
        )["Items"]

    def key(self, service):
        """The hash key of a service in the ledger."""
        number = self.client("sts").get_caller_identity()["Account"]
        return f"service#{number}/{REGION}/prod/{service}"

    def incident(self, service):
        """The service's open incident, if there is one."""
        head = self.item(self.key(service), "head")
        return head and json.loads(head["document"]["S"])["incident"]

    def cases(self, incident):
        """The decisions of an incident in order, each with all that it was made from."""
        items = sorted(self.items(f"incident#{incident}"), key=lambda item: item["sk"]["S"])
        return [json.loads(gzip.decompress(item["case"]["B"])) for item in items if "case" in item]

    def changes(self, service):
        """What was changed of a service in ECS: the operations, in order."""
        calls = self.stack.simulator.get("/_sim/calls")
        # A deployment is named by its ARN, ‹cluster›/‹service›/‹id› at the end.
        named = (call for call in calls if call["resource"] == service or f"/{service}/" in call["resource"])
        return [call["operation"] for call in named if call["write"]]

    def task_definition(self, service):
        """What ECS is to run for a service, as `family:revision`."""
        ecs = boto3.client(
            "ecs", endpoint_url=self.stack.simulator.url, region_name=REGION,
            aws_access_key_id="test", aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )  # fmt: skip
        found = ecs.describe_services(cluster="prod", services=[service])["services"][0]
        return found["taskDefinition"].rpartition("/")[2]

    def timers(self, incident):
        """Names of the timers that are set for an incident."""
        schedules = self.client("scheduler").list_schedules(GroupName=self.stack.outputs["TimerGroupName"])
        return [one["Name"] for one in schedules["Schedules"] if one["Name"].startswith(incident)]

    def roots(self, service):
        """The root messages about a service: (ts, text) each."""
        return [
            (sent.answer["ts"], sent.body["text"])
            for sent in list(self.chat.sent)
            if sent.path.endswith("/chat.postMessage")
            and "thread_ts" not in sent.body
            and f"prod/{service} " in sent.body["text"]
        ]

    def thread(self, ts):
        """The lines below a root message."""
        return [body["text"] for body in self.chat.of("/chat.postMessage") if body.get("thread_ts") == ts]

    def edits(self, ts):
        """What a root message was edited to, in order."""
        return [body for body in self.chat.of("/chat.update") if body["ts"] == ts]

    def pages(self, incident):
        """What PagerDuty was told about an incident."""
        return [body for body in self.chat.of("/v2/enqueue") if incident in body["dedup_key"]]

    def opened(self, service):
        """Waits until the service's incident is open; returns its id."""
        incident = until(f"incident of {service}", lambda: self.incident(service))
        return incident["id"]

    def told(self, service):
        """Waits until a root message about the service is posted; returns (ts, text)."""
        return until(f"message about {service}", lambda: self.roots(service))[0]

    def _lines(self, function):
        group = f"/aws/lambda/{account.STACK}-{function}"
        events = self.client("logs").filter_log_events(logGroupName=group)["events"]
        return [json.loads(event["message"]) for event in events if event["message"].startswith("{")]

    def metrics(self, function):
        """The lines that CloudWatch makes metrics of, one for each invocation."""
        return [line for line in self._lines(function) if "_aws" in line]

    def decisions(self, function):
        """What a function decided, in order, as its log has it."""
        fields = [line.get("fields", {}) for line in self._lines(function)]
        done = [json.loads(each["report"]) for each in fields if "report" in each]
        return [report["plan"]["decision"]["decision"] for report in done if "plan" in report]

    def decided(self, function, decision):
        """Waits until a function decided so; says what failed in it if it never does."""
        try:
            until(f"{function} that decides {decision}", lambda: decision in self.decisions(function))
        except TookTooLong as missed:
            fields = [line.get("fields", {}) for line in self._lines(function)]
            failed = [each["error"] for each in fields if "error" in each]
            raise TookTooLong(f"{missed}; it decided {self.decisions(function)} and failed with {failed}") from None

    def stop(self):
        """Ends everything."""
        self.stack.stop()
