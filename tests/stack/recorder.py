#!/usr/bin/env python3
"""A Lambda function that writes down what wakes it: the bootstrap of the wiring tests.

Appends one line of JSON per event to the file named by RECORDER_FILE: the function's
name and the event.
"""

import json
import os
import urllib.request

RUNTIME = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"


while True:
    with urllib.request.urlopen(f"{RUNTIME}/next") as invocation:
        request_id = invocation.headers["Lambda-Runtime-Aws-Request-Id"]
        text = invocation.read().decode()
    record = {"function": os.environ["AWS_LAMBDA_FUNCTION_NAME"], "event": json.loads(text)}
    # One write, in append mode: several functions share the file.
    with open(os.environ["RECORDER_FILE"], "a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")
    answer = urllib.request.Request(f"{RUNTIME}/{request_id}/response", b"{}", method="POST")
    urllib.request.urlopen(answer).read()
