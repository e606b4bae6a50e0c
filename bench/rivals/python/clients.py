"""The clients of AWS, and how independent reads are made at once.

All of them are made while Lambda loads the function: init has a whole CPU whatever the
memory size, and every event of the environment uses what was made there. A client made
by the first event would cost it tens of milliseconds.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import boto3
from botocore.config import Config

_config = Config(
    retries={"mode": "standard", "max_attempts": 5},
    # AWS answers these calls in tens of milliseconds: what takes longer is better tried
    # again than waited for.
    connect_timeout=2,
    read_timeout=6,
    tcp_keepalive=True,
)
_session = boto3.session.Session()


def _client(service: str) -> Any:
    return _session.client(service, config=_config)


cloudformation = _client("cloudformation")
cloudwatch = _client("cloudwatch")
dynamodb = _client("dynamodb")
ecr = _client("ecr")
ecs = _client("ecs")
elb = _client("elbv2")
scaling = _client("application-autoscaling")
scheduler = _client("scheduler")
sns = _client("sns")
ssm = _client("ssm")

_threads = {
    client: ThreadPoolExecutor(max_workers=1)
    for client in (
        cloudformation,
        cloudwatch,
        dynamodb,
        ecr,
        ecs,
        elb,
        scaling,
        scheduler,
        sns,
        ssm,
    )
}


def soon(client: Any, call: Callable[..., Any], *arguments: Any) -> Future[Any]:
    """Makes a call of `client` while others are made of other services.

    Calls of one service come one after the other, by its one thread and connection: a
    second connection costs tens of milliseconds of CPU, because boto3 reads the file of
    all authorities for each. README.md has the figures.
    """
    return _threads[client].submit(call, *arguments)


def answers(**asked: Future[Any]) -> dict[str, Any]:
    """The results of all that was asked, by name."""
    return {name: future.result() for name, future in asked.items()}
