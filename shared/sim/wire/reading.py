"""Clients that hold every key of every answer against botocore's model, and the
simulator that they ask.
"""

import json
import subprocess
import urllib.request
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ROOT = Path(__file__).resolve().parents[3]

unknown_keys = []
answers = {}


def walk(value, shape, path):
    """Every key must be in the model, every value of the model's type."""
    if shape.type_name == "structure":
        for key, inner in value.items():
            if key not in shape.members:
                unknown_keys.append(f"{path}.{key}")
            else:
                walk(inner, shape.members[key], f"{path}.{key}")
    elif shape.type_name == "list":
        for inner in value:
            walk(inner, shape.member, f"{path}[]")
    elif shape.type_name == "map":
        for inner in value.values():
            walk(inner, shape.value, f"{path}.*")
    else:
        kinds = {"string": str, "boolean": bool, "integer": int, "long": int, "double": (int, float),
                 "float": (int, float), "timestamp": (int, float)}
        if not isinstance(value, kinds[shape.type_name]):
            unknown_keys.append(f"{path}: {value!r} is no {shape.type_name}")
        enum = getattr(shape, "enum", None)
        if enum and value not in enum:
            unknown_keys.append(f"{path}: {value!r} is none of {enum}")


def check(operation_model, response_dict, **_):
    if response_dict["status_code"] == 200:
        body = json.loads(response_dict["body"])
        answers[operation_model.name] = answers.get(operation_model.name, 0) + 1
        walk(body, operation_model.output_shape, operation_model.name)


def client(name, url):
    made = boto3.client(name, endpoint_url=url, region_name="eu-west-1", aws_access_key_id="test",
                        aws_secret_access_key="test", config=Config(retries={"total_max_attempts": 1}))
    made.meta.events.register(f"before-parse.{name}", check)
    return made


def fails(code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        assert error.response["Error"]["Message"], error
        return
    name = getattr(call, "__name__", call)
    raise AssertionError(f"{name}({arguments}) did not fail with {code}")


class Sim:
    def __init__(self, binary, scenario):
        arguments = [binary, "serve", "--scenario", scenario, "--port", "0", "--at-now"]
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().removeprefix("listening on ").strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def get(self, path):
        return json.load(urllib.request.urlopen(self.url + path))

    def advance(self, seconds):
        body = json.dumps({"seconds": seconds}).encode()
        return json.load(urllib.request.urlopen(urllib.request.Request(self.url + "/_sim/advance", body)))


def pages(call, field, **arguments):
    """What all pages of a list hold."""
    found, token = [], {}
    while True:
        page = call(**arguments, **token)
        found += field(page)
        if "nextToken" not in page:
            return found
        token = {"nextToken": page["nextToken"]}
