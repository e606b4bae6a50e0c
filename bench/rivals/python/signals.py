"""What an event says, read once at the door."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Metric:
    """One CloudWatch metric."""

    namespace: str
    name: str
    dimensions: dict[str, str]
    stat: str

    def query(self, id: str) -> dict[str, Any]:
        """A query of one point a minute: when errors began is wanted to the minute,
        whatever the alarm's own period."""
        dimensions = [{"Name": name, "Value": value} for name, value in self.dimensions.items()]
        metric = {"Namespace": self.namespace, "MetricName": self.name, "Dimensions": dimensions}
        return {"Id": id, "MetricStat": {"Metric": metric, "Period": 60, "Stat": self.stat}}


@dataclass(frozen=True, slots=True)
class Signal:
    """An alarm's change of state."""

    event: str
    alarm: str
    arn: str
    state: str
    reason: str
    account: str
    region: str
    cluster: str
    service: str
    metric: Metric

    @classmethod
    def of(cls, event: dict[str, Any]) -> "Signal":
        """Reads an event of EventBridge. The alarm's description names its service."""
        detail = event["detail"]
        configuration = detail["configuration"]
        named = json.loads(configuration["description"])
        stat = configuration["metrics"][0]["metricStat"]
        metric = stat["metric"]
        return cls(
            event=event["id"],
            alarm=detail["alarmName"],
            arn=event["resources"][0],
            state=detail["state"]["value"],
            reason=detail["state"]["reason"],
            account=event["account"],
            region=event["region"],
            cluster=named["cluster"],
            service=named["service"],
            metric=Metric(metric["namespace"], metric["name"], metric["dimensions"], stat["stat"]),
        )

    @property
    def key(self) -> str:
        """The service as the ledger's keys name it."""
        return f"{self.account}/{self.region}/{self.cluster}/{self.service}"

    @property
    def called(self) -> str:
        """The service as people name it."""
        return f"{self.cluster}/{self.service}"
