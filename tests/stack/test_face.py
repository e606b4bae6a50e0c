"""The simulator's HTTP face, read by AWS's own client for Python."""

import subprocess

from processes import ROOT, binary, tool


def test_boto3_reads_every_answer_and_its_model_knows_every_key():
    done = subprocess.run(
        [tool("wire", "python"), ROOT / "shared/sim/wire/read_with_boto3.py", binary("nightshift-sim")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "DescribeServiceDeployments" in done.stdout
    assert "GetCostForecast" in done.stdout
