"""What CloudWatch would answer about the sample night: a metric's values, period by period."""

import re

from companion import BALANCED, EVERYTHING

from . import Unknown
from . import service as of

BALANCER = ("LoadBalancer", BALANCED["LoadBalancer"])
TARGET = (BALANCER, ("TargetGroup", BALANCED["TargetGroup"]))
SERVICE = (("ClusterName", BALANCED["Cluster"]), ("ServiceName", BALANCED["Service"]))
DATABASE = (("DBInstanceIdentifier", EVERYTHING["DatabaseInstance"]),)
CACHE = (("CacheClusterId", EVERYTHING["CacheCluster"]), ("CacheNodeId", "0001"))
GIB = 2**30
# A minute's measurement is there once the next minute is over.
ARRIVES_AFTER = 2 * of.MINUTE


def _some(count):
    """A count as a load balancer reports it: not at all while it is zero."""
    return count or None


def _database(per_cent, time):
    return per_cent + 9 * of.bad(time) + 1.5 * of.noise("database", time)


# Each metric by namespace, name and dimensions: its value in the minute that begins at a time.
MEASURED = {
    ("AWS/ApplicationELB", "RequestCount", TARGET): lambda t: _some(of.requests(t)),
    ("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", TARGET): lambda t: _some(of.errors(t)),
    ("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", (BALANCER,)): lambda t: None,
    ("AWS/ApplicationELB", "RequestCountPerTarget", TARGET): lambda t: of.requests(t) / of.tasks(t),
    ("AWS/ApplicationELB", "HealthyHostCount", TARGET): of.tasks,
    ("AWS/ApplicationELB", "UnHealthyHostCount", TARGET): lambda t: 0,
    ("AWS/ECS", "CPUUtilization", SERVICE): of.processor,
    ("AWS/ECS", "MemoryUtilization", SERVICE): of.memory,
    ("ECS/ContainerInsights", "RunningTaskCount", SERVICE): of.tasks,
    ("ECS/ContainerInsights", "DesiredTaskCount", SERVICE): of.wanted,
    ("ECS/ContainerInsights", "DeploymentCount", SERVICE): of.deployments,
    ("AWS/RDS", "CPUUtilization", DATABASE): lambda t: _database(17, t),
    ("AWS/RDS", "DatabaseConnections", DATABASE): lambda t: 20 * of.tasks(t) + round(4 * of.noise("connections", t)),
    ("AWS/RDS", "FreeStorageSpace", DATABASE): lambda t: 61.5 * GIB - (t - of.NIGHT) * 9000,
    ("AWS/RDS", "FreeableMemory", DATABASE): lambda t: (2.1 + 0.05 * of.noise("freeable", t)) * GIB,
    ("AWS/ElastiCache", "EngineCPUUtilization", CACHE): lambda t: 5 + of.requests(t) / 200 + of.noise("engine", t),
    ("AWS/ElastiCache", "DatabaseMemoryUsagePercentage", CACHE): lambda t: 41 + 0.4 * of.noise("cached", t),
    ("AWS/ElastiCache", "Evictions", CACHE): lambda t: 0,
}
PERCENTILES = {("AWS/ApplicationELB", "TargetResponseTime", TARGET): of.latency}
STATISTICS = {
    "Sum": sum,
    "Maximum": max,
    "Minimum": min,
    "Average": lambda values: sum(values) / len(values),
    "SampleCount": len,
}
SEARCH = re.compile(r"SEARCH\('\{([\w,]+)\} Service=\"([\w/-]+)\" MetricName=\"([\w.]+)\"', 'Sum', 86400\)")
FOUND = {"Delivery.Releases": 0, "Delivery.Failed": 1}


def values(metric, statistic, period, times, known=of.NOW):
    """A metric's values in the periods that begin at these times, with None where there is none."""
    percentile = re.fullmatch(r"p(\d+)", statistic)
    if percentile and metric in PERCENTILES:
        take, measure = max, lambda time: PERCENTILES[metric](time, int(percentile[1]))
    elif metric in MEASURED and statistic in STATISTICS:
        take, measure = STATISTICS[statistic], MEASURED[metric]
    else:
        raise Unknown(f"no sample data for {statistic} of {metric}")
    return [_taken(take, measure, time, min(time + period, known - ARRIVES_AFTER + of.MINUTE)) for time in times]


def _taken(take, measure, begin, end):
    measured = [value for minute in range(begin, end, of.MINUTE) if (value := measure(minute)) is not None]
    return take(measured) if measured else None


def found(expression, times):
    """What a SEARCH finds of the service's own counters, day by day."""
    match = SEARCH.fullmatch(expression)
    if not match or match[1] != "Nightshift,Environment,Service" or match[2] != "prod/checkout" or match[3] not in FOUND:
        raise Unknown(f"no sample data for {expression}")
    return [of.releases(time)[FOUND[match[3]]] for time in times]
