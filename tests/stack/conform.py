"""The account of tests/conformance/account.toml, in emulators, for the conformance suites.

The suites run as `nightshift-conform SUITE`, by the AWS SDK, on what stands here.
"""

import io
import json
import subprocess
import tomllib
import zipfile

import account
import boto3
import seed
from botocore.config import Config
from processes import REGION, ROOT, binary, credentials, until

SCENARIO = ROOT / "tests/conformance/account.toml"
SECRET = ROOT / "tests/conformance/secret.txt"


def services():
    """The services of the account, as the scenario has them."""
    return tomllib.loads(SCENARIO.read_text(encoding="utf-8"))["service"]


def stacks():
    """The stacks of the account that put something out, or are of no service."""
    return tomllib.loads(SCENARIO.read_text(encoding="utf-8"))["stack"]


def run(suite, env, gaps=()):
    """Runs one suite, which must be content; returns what it printed before it said so, from JSON.

    `gaps` are names of what is not asserted of these emulators.
    """
    done = _process(suite, env, gaps)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    *printed, verdict = done.stdout.splitlines()
    assert verdict == f"{suite}: as it must be"
    return [json.loads(line) for line in printed]


def refusal(suite, env, gaps=()):
    """What a suite says that is not content."""
    done = _process(suite, env, gaps)
    assert done.returncode != 0, f"{suite} is content: {done.stdout}"
    return done.stderr


def _process(suite, env, gaps):
    return subprocess.run(
        [binary("nightshift-conform"), suite],
        env=credentials() | env | {"CONFORM_GAPS": " ".join(sorted(gaps))},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def client(service, url):
    """A boto3 client of what is there that fails fast instead of retrying."""
    return boto3.client(
        service, endpoint_url=url, region_name=REGION,
        aws_access_key_id="test", aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )  # fmt: skip


def known(deployments):
    """Of CodeDeploy's deployments, newest first, those that the suites ask for."""
    return {"CONFORM_CODE_DEPLOYING": deployments[0], "CONFORM_CODE_DEPLOYED": deployments[1]}


class Emulated:
    """ministack with what the scenario and the suites need, and the simulator's face for the
    services that it lacks. `env` points the suites there.
    """

    def __init__(self, folder):
        self._started = []
        self.record = folder / "events.jsonl"
        self.record.touch()
        try:
            self.ministack = account.Ministack(folder, variables={"RECORDER_FILE": str(self.record)})
            self._started.append(self.ministack)
            scenario = seed.load_balancers(self.ministack, SCENARIO, folder)
            self.simulator = account.Simulator(scenario, folder)
            self._started.append(self.simulator)
            self.env = {
                "AWS_ENDPOINT_URL": self.ministack.url,
                "AWS_ENDPOINT_URL_ECS": self.simulator.url,
                "AWS_ENDPOINT_URL_ECR": self.simulator.url,
                "AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING": self.simulator.url,
                "AWS_ENDPOINT_URL_CODEDEPLOY": self.simulator.url,
                "AWS_ENDPOINT_URL_COST_EXPLORER": self.simulator.url,
                "CONFORM_ACCOUNT": self.client("sts").get_caller_identity()["Account"],
            }
            self.env |= known(self._code_deployments())
            self._alarms()
            seed.logs(self.ministack, self.simulator)
            seed.beside(self.ministack, SCENARIO)
            self._table()
            self._stacks()
            self._switch()
            self._timers()
            self._topics()
            self._role()
            self._bucket()
            self._bus()
            secret = self.client("secretsmanager").create_secret(
                Name="conform", SecretString=SECRET.read_text(encoding="utf-8")
            )
            self.env["CONFORM_SECRET"] = secret["ARN"]
        except BaseException:
            self.stop()
            raise

    def client(self, service):
        """A boto3 client of ministack."""
        return self.ministack.client(service)

    def _code_deployments(self):
        """CodeDeploy's deployments of `tickets`, which the simulator lists newest first."""
        return client("codedeploy", self.simulator.url).list_deployments(
            applicationName="AppECS-prod-tickets", deploymentGroupName="DgpECS-prod-tickets"
        )["deployments"]

    def _alarms(self):
        """The scenario's metrics and alarms, each alarm in the state that the simulator has it in."""
        topic = self.client("sns").create_topic(Name="conform-alarms")["TopicArn"]
        seed.metrics_and_alarms(self.ministack, self.simulator, topic, hours=1)
        for name, state in self.simulator.get("/_sim/state")["alarms"].items():
            self.client("cloudwatch").set_alarm_state(
                AlarmName=name, StateValue=state, StateReason="as simulated"
            )

    def _table(self):
        """The template's ledger."""
        table = account.expanded()["Resources"]["Ledger"]["Properties"]
        names = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
        self.client("dynamodb").create_table(TableName="ledger", **{name: table[name] for name in names})
        self.env["NIGHTSHIFT_TABLE"] = "ledger"

    def _stacks(self):
        """The scenario's stacks, which hold nothing much, and one that was deleted."""
        cloudformation = self.client("cloudformation")
        put_out = {one["name"]: one.get("outputs", {}) for one in stacks()}
        of_services = {one["stack"] for one in services() if "stack" in one}
        for name in sorted(of_services | put_out.keys() | {"conform-deleted"}):
            body = {"Resources": {"Nothing": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}}
            if put_out.get(name):
                body["Outputs"] = {key: {"Value": value} for key, value in put_out[name].items()}
            cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(body))
            cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
        cloudformation.delete_stack(StackName="conform-deleted")
        cloudformation.get_waiter("stack_delete_complete").wait(
            StackName="conform-deleted", WaiterConfig={"Delay": 1}
        )

    def _switch(self):
        """The kill switch as the template leaves it: not there."""
        self.env["NIGHTSHIFT_HALT_PARAMETER"] = "/conform/halt"

    def _role(self):
        """A role that may look at services, and no more."""
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        look = {"Effect": "Allow", "Action": "ecs:DescribeServices", "Resource": "*"}
        iam = self.client("iam")

        def document(statement):
            return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

        iam.create_role(RoleName="conform", AssumeRolePolicyDocument=document(trust))
        iam.put_role_policy(RoleName="conform", PolicyName="look", PolicyDocument=document(look))

    def _timers(self):
        """A group for timers that nobody will see firing."""
        self.client("scheduler").create_schedule_group(Name="conform")
        queue = self.client("sqs").create_queue(QueueName="conform-dead-letters")["QueueUrl"]
        number = self.env["CONFORM_ACCOUNT"]
        self.env |= {
            "NIGHTSHIFT_TIMER_GROUP": "conform",
            "NIGHTSHIFT_TIMER_ROLE": f"arn:aws:iam::{number}:role/conform",
            "NIGHTSHIFT_TIMER_TARGET": f"arn:aws:lambda:{REGION}:{number}:function:conform",
            "NIGHTSHIFT_TIMER_DLQ": self.queue_arn(queue),
        }

    def queue_arn(self, url):
        """A queue's ARN."""
        found = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return found["Attributes"]["QueueArn"]

    def _topics(self):
        """Both topics; a queue gets what people get, a function the typed notices."""
        sns, sqs = self.client("sns"), self.client("sqs")
        self.people = sqs.create_queue(QueueName="conform-people")["QueueUrl"]
        for variable, name in (("NIGHTSHIFT_NOTICE_TOPIC", "notices"), ("NIGHTSHIFT_PAGE_TOPIC", "pages")):
            topic = sns.create_topic(Name=f"conform-{name}")["TopicArn"]
            self.env[variable] = topic
            sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=self.queue_arn(self.people))
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            bootstrap = zipfile.ZipInfo("bootstrap")
            bootstrap.external_attr = 0o755 << 16
            archive.writestr(bootstrap, (ROOT / "tests/stack/recorder.py").read_bytes())
        function = self.client("lambda").create_function(
            FunctionName="conform",
            Runtime="provided.al2023",
            Handler="bootstrap",
            Role=self.env["NIGHTSHIFT_TIMER_ROLE"],
            Code={"ZipFile": code.getvalue()},
            Environment={"Variables": {"RECORDER_FILE": str(self.record)}},
        )
        sns.subscribe(
            TopicArn=self.env["NIGHTSHIFT_NOTICE_TOPIC"], Protocol="lambda", Endpoint=function["FunctionArn"]
        )

    def _bucket(self):
        """A bucket for pictures."""
        self.client("s3").create_bucket(
            Bucket="conform-pictures", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        self.env["NIGHTSHIFT_PICTURE_BUCKET"] = "conform-pictures"

    def _bus(self):
        """A queue gets what is put on the bus."""
        events = self.client("events")
        self.bus = self.client("sqs").create_queue(QueueName="conform-bus")["QueueUrl"]
        events.put_rule(Name="conform-bus", EventPattern=json.dumps({"source": ["nightshift.drill"]}))
        events.put_targets(Rule="conform-bus", Targets=[{"Id": "queue", "Arn": self.queue_arn(self.bus)}])

    def heard(self, wanted):
        """What people got by now, oldest first, once it is as many as wanted."""
        return self._received(self.people, wanted)

    def on_the_bus(self, wanted):
        """What a drill put on the bus by now, once it is as many as wanted."""
        return self._received(self.bus, wanted)

    def _received(self, queue, wanted):
        sqs, heard = self.client("sqs"), []

        def all_of_it():
            got = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
            for message in got:
                heard.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            return len(heard) >= wanted

        until(f"{wanted} messages in {queue}", all_of_it)
        return heard

    def typed(self, wanted):
        """The typed notices that the function got by now, once they are as many as wanted."""

        def all_of_it():
            lines = self.record.read_text(encoding="utf-8").splitlines()
            records = [record for line in lines for record in json.loads(line)["event"]["Records"]]
            return len(records) >= wanted and records

        records = until(f"{wanted} notices at the function", all_of_it)
        return [json.loads(record["Sns"]["Message"]) for record in records]

    def stop(self):
        """Ends what was started, the last first."""
        while self._started:
            self._started.pop().stop()
