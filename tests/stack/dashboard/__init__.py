"""The dashboard of stacks/service.yaml as a picture, from its definition and sample data.

`service` is the night that is shown, `answers` what CloudWatch would measure of it, `expressions`
its metric math, `alarms` and `queries` what alarms and log tables come to. `canvas` knows where
every word stands, `plot` and `widgets` draw, `page` lays all of it out. `path` is another picture of
the same night: how the service is healed.
"""


class Unknown(Exception):
    """The definition asks for what nobody here can answer: never a blank graph."""
