"""The conformance suites of the ports, on AWS as ministack answers for it.

`cargo test` runs the same suites on the simulated account.
"""

import subprocess

import account
import pytest
from processes import REGION, binary, credentials


@pytest.fixture(scope="module")
def ministack(tmp_path_factory):
    """A ministack with nothing in it but the template's ledger."""
    running = account.Ministack(tmp_path_factory.mktemp("conformance"))
    try:
        yield running
    finally:
        running.stop()


def test_the_ledger_on_dynamodb_is_as_every_ledger_must_be(ministack):
    table = account.expanded()["Resources"]["Ledger"]["Properties"]
    ministack.client("dynamodb").create_table(
        TableName="ledger",
        **{name: table[name] for name in (
            "BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes",
        )},
    )  # fmt: skip
    done = subprocess.run(
        [str(binary("nightshift-conform"))],
        env=credentials() | {
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": ministack.url,
            "NIGHTSHIFT_TABLE": "ledger",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert done.stdout.splitlines() == ["ledger: as every ledger must be", "chat: as it must be"]
