"""What moto's Cost Explorer answers: each new question gets the next answer that it was given."""

import json
import tomllib
import urllib.request
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from processes import ROOT

SCENARIO = ROOT / "tests/conformance/account.toml"
# Days before today that the suite asks for first, and the service.
DAYS = (10, 9)
SERVICE = "AWS Config"
MILLIONTH = Decimal("0.000001")


class Costs:
    """Answers to the first two questions of the suite `costs`, worked out from the scenario."""

    def __init__(self, url):
        self._url = url
        services = tomllib.loads(SCENARIO.read_text(encoding="utf-8"))["costs"]["service"]
        (service,) = (one for one in services if one["name"] == SERVICE)
        self._daily, self._usage = Decimal(service["daily"]), service["usage"]

    def fill(self):
        """Gives moto the answers, in the order of the questions."""
        whole = self._answer(lambda: {"Total": {"UnblendedCost": self._money(self._daily)}, "Groups": []})
        parts = self._answer(lambda: {"Total": {}, "Groups": self._groups()})
        request = urllib.request.Request(
            f"{self._url}/moto-api/static/ce/cost-and-usage-results",
            json.dumps({"results": [whole, parts]}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 201, answer.status

    def _answer(self, of_day):
        today = datetime.now(UTC).date()

        def result(back):
            start = today - timedelta(days=back)
            period = {"Start": f"{start}", "End": f"{start + timedelta(days=1)}"}
            return {"TimePeriod": period, "Estimated": False} | of_day()

        return {"ResultsByTime": [result(back) for back in DAYS], "DimensionValueAttributes": []}

    def _groups(self):
        shares = sum(self._usage.values())
        return [
            {
                "Keys": [usage_type],
                "Metrics": {"UnblendedCost": self._money((self._daily * share / shares).quantize(MILLIONTH))},
            }
            for usage_type, share in self._usage.items()
        ]

    @staticmethod
    def _money(amount):
        return {"Amount": str(amount), "Unit": "USD"}
