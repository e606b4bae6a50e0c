"""Processes of ours: where their programs are, what they may see, how they end."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REGION = "eu-west-1"


class TookTooLong(AssertionError):
    """Something that was waited for did not come."""


def until(what, condition, seconds=30.0):
    """The first true value of `condition()`, asked ten times a second.

    The one place that waits. `what` names it in the error after `seconds`.
    """
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise TookTooLong(f"no {what} within {seconds:g} s")
        time.sleep(0.1)


def free_port():
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Child:
    """A process of ours, its output in a file, stopped by its own id."""

    def __init__(self, command, log, env):
        self.log = Path(log)
        self._out = self.log.open("wb")
        self._process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=self.log.parent,
            start_new_session=True,
        )

    def text(self):
        """All that it has printed."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def alive(self):
        """Raises, with the end of the output, once the process has ended."""
        code = self._process.poll()
        if code is not None:
            raise AssertionError(f"{self._process.args[0]} ended with {code}:\n{self.text()[-4000:]}")
        return True

    def runs(self):
        """Whether the process has not ended yet."""
        return self._process.poll() is None

    def signal(self, number):
        """Sends the process a signal, and nobody else."""
        self._process.send_signal(number)

    def stop(self):
        """Ends the process and its own children (the session that it leads)."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
        self._out.close()


def credentials():
    """The environment of anything that talks to the local account."""
    keep = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    return keep | {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "SAM_CLI_TELEMETRY": "0",
    }


def tool(environment, name):
    """The path of one tool; its absence names the cure."""
    path = ROOT / ".tools" / environment / "bin" / name
    assert path.exists(), f"no {path.relative_to(ROOT)}; cure: tools/setup.sh {environment}"
    return path


def binary(name):
    """The path of one debug binary of the workspace; its absence names the cure."""
    path = ROOT / "target" / "debug" / name
    assert path.exists(), f"no {path.relative_to(ROOT)}; cure: make binaries"
    return path
