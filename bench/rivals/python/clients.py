"""The clients of AWS, and how independent reads are made at once.

All of them are made while Lambda loads the function: init has a whole CPU whatever the
memory size, and every event of the environment uses what was made there. A client made
by the first event would cost it tens of milliseconds.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
from botocore.config import Config

# More threads would read faster once warm, and start slower: each connection of boto3
# reads the whole file of authorities anew, for tens of milliseconds of CPU. README.md has
# the figures.
AT_ONCE = 4

_config = Config(
    retries={"mode": "standard", "max_attempts": 5},
    # AWS answers these calls in tens of milliseconds: what takes longer is better tried
    # again than waited for.
    connect_timeout=2,
    read_timeout=6,
    tcp_keepalive=True,
    max_pool_connections=AT_ONCE,
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

_pool = ThreadPoolExecutor(max_workers=AT_ONCE)


def at_once(**calls: Callable[[], Any]) -> dict[str, Any]:
    """The results of calls that do not depend on each other, by name.

    boto3's clients may be shared by threads. A call must not use `at_once` itself: the
    pool could then wait for its own workers.
    """
    pending = {name: _pool.submit(call) for name, call in calls.items()}
    return {name: future.result() for name, future in pending.items()}
