"""Fixtures: one night with the whole stack, for every test that needs it."""

import shutil

import pytest
from chat import Chat
from night import SWEEPS, Night
from processes import ROOT, until


@pytest.fixture(scope="session")
def night(tmp_path_factory):
    """The stack with the real binaries, in the account that night.toml describes."""
    folder = tmp_path_factory.mktemp("night")
    here = ROOT / "tests" / "stack"
    chat = Chat()
    running = None
    try:
        running = Night(folder, here / "night.toml", here / "seconds", chat)
        yield running
    finally:
        if running:
            running.stop()
        chat.stop()
        # A hundred megabytes of binaries; the logs stay.
        shutil.rmtree(folder / "package", ignore_errors=True)
        shutil.rmtree(folder / "tmp", ignore_errors=True)


@pytest.fixture(scope="session")
def rolled_back(night):
    """The incident of `checkout`, once its rollback is on its way, told, and to be checked."""
    night.ring("checkout")
    incident = night.opened("checkout")
    until("remedy at ECS", lambda: night.changes("checkout"))
    until("outcome in the ledger", lambda: night.incident("checkout")["phase"] == "verifying")
    ts, _ = night.told("checkout")
    until("lines of both notices", lambda: len(night.thread(ts)) >= 2)
    until("timer of the incident", lambda: night.timers(incident))
    return incident


@pytest.fixture(scope="session")
def healed(night, rolled_back):
    """The last edit of the root message, once the rollout is over and the alarm is OK."""
    ts, _ = night.told("checkout")
    night.stack.simulator.advance(300)
    night.ring("checkout", "OK")
    until("end of the incident", lambda: night.incident("checkout") is None, seconds=SWEEPS)

    def last():
        edits = night.edits(ts)
        return edits and "healed" in edits[-1]["text"] and edits[-1]

    return until("edit that says healed", last)
