"""`make local`: the stack on this machine, left running until Ctrl-C.

    .tools/wire/bin/python tests/stack/local.py [SCENARIO.toml]

Its policy is that of the stories: seconds instead of minutes.
"""

import signal
import sys
import tempfile
import threading
from pathlib import Path

import account
from chat import Chat
from processes import REGION

HERE = Path(__file__).resolve().parent


def main(scenario):
    """Starts everything, says how to play with it, and waits."""
    chat = Chat()
    folder = Path(tempfile.mkdtemp(prefix="nightshift-local-"))
    print(f"starting {scenario.name}; logs in {folder}", flush=True)
    stack = account.LocalStack(folder, scenario, chat.url, HERE / "seconds")
    try:
        print(
            "",
            "Use any AWS client on it:",
            f"  export AWS_ENDPOINT_URL={stack.ministack.url} AWS_ENDPOINT_URL_ECS={stack.simulator.url}",
            f"  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION={REGION}",
            "",
            "Ring an alarm, let time pass for the services, and say that it is over:",
            *(
                f"  aws cloudwatch set-alarm-state --state-reason me --alarm-name {name} --state-value ALARM"
                for name in alarms(stack)
            ),
            f"  curl -d '{{\"seconds\": 300}}' {stack.simulator.url}/_sim/advance",
            "  ... --state-value OK",
            "",
            *(f"  {name}: {value}" for name, value in stack.outputs.items()),
            "",
            "What the notifier posts appears below. Ctrl-C stops everything.",
            sep="\n",
            flush=True,
        )
        follow(chat)
    finally:
        stack.stop()
        chat.stop()


def alarms(stack):
    """Names of the scenario's alarms."""
    requests = stack.simulator.get("/_sim/alarms")
    return [alarm["AlarmName"] for alarm in requests["PutMetricAlarm"] + requests["PutCompositeAlarm"]]


def follow(chat):
    """Prints what arrives, until Ctrl-C."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    seen = 0
    while not stop.wait(0.2):
        for sent in chat.sent[seen:]:
            print(f"{sent.path} {sent.body.get('text') or sent.body}", flush=True)
            seen += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else HERE / "night.toml")
