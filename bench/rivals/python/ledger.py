"""The ledger: one DynamoDB table, whose documents are JSON with a version beside them.

An item with a version is written only if nobody wrote since it was read. All that
belongs to one decision is one transaction, so that no crash leaves half of it.
"""

import gzip
import json
import os
from datetime import datetime, timedelta
from typing import Any

from clients import dynamodb

TABLE = os.environ["NIGHTSHIFT_TABLE"]
KEEP_HISTORY = timedelta(days=400)

Document = dict[str, Any]


def read(pk: str, sk: str = "head") -> tuple[int, Document]:
    """Version and document of an item; version 0 stands for one that is not there."""
    key = {"pk": {"S": pk}, "sk": {"S": sk}}
    item = dynamodb.get_item(TableName=TABLE, Key=key, ConsistentRead=True).get("Item")
    return (int(item["version"]["N"]), json.loads(item["document"]["S"])) if item else (0, {})


def openings(since: datetime, most: int) -> list[Document]:
    """Services of which an incident opened lately and is open still."""
    found = dynamodb.query(
        TableName=TABLE,
        IndexName="open-incidents",
        KeyConditionExpression="#open = :open AND #opened_at >= :since",
        ExpressionAttributeNames={"#open": "open", "#opened_at": "opened_at"},
        ExpressionAttributeValues={":open": {"S": "1"}, ":since": {"S": since.isoformat()}},
        Limit=most,
    )
    return found["Items"]


def health_issues() -> list[Document]:
    """Issues that AWS Health reported and that are not over."""
    pages = dynamodb.get_paginator("query").paginate(
        TableName=TABLE,
        ConsistentRead=True,
        KeyConditionExpression="#pk = :health",
        FilterExpression="#issue_open = :true",
        ExpressionAttributeNames={"#pk": "pk", "#issue_open": "issue_open"},
        ExpressionAttributeValues={":health": {"S": "health"}, ":true": {"BOOL": True}},
    )
    return [json.loads(item["document"]["S"]) for page in pages for item in page["Items"]]


def following(pk: str, version: int, document: Document, **more: Document) -> Document:
    """The write that puts `document` in the place of the version that was read."""
    item = {
        "pk": {"S": pk},
        "sk": {"S": "head"},
        "version": {"N": str(version + 1)},
        "document": {"S": json.dumps(document, default=str)},
        **more,
    }
    put = {"TableName": TABLE, "Item": item}
    if version == 0:
        unchanged = {
            "ConditionExpression": "attribute_not_exists(#pk)",
            "ExpressionAttributeNames": {"#pk": "pk"},
        }
    else:
        unchanged = {
            "ConditionExpression": "#version = :read",
            "ExpressionAttributeNames": {"#version": "version"},
            "ExpressionAttributeValues": {":read": {"N": str(version)}},
        }
    return {"Put": put | unchanged}


def head(version: int, record: Document) -> Document:
    """The write of a service's record; in the index while an incident is open."""
    more = {}
    if incident := record.get("incident"):
        more = {"open": {"S": "1"}, "opened_at": {"S": incident["opened_at"]}}
    return following(f"service#{record['service']}", version, record, **more)


def history(pk: str, sk: str, document: Document, at: datetime) -> Document:
    """The write of something that is kept for reports: the same key is newer news of it."""
    item = {
        "pk": {"S": pk},
        "sk": {"S": sk},
        "document": {"S": json.dumps(document, default=str)},
        "expires_at": _expiry(at),
    }
    return {"Put": {"TableName": TABLE, "Item": item}}


def write(*writes: Document) -> None:
    """All of the writes or none. If somebody else was faster it raises, and Lambda
    delivers the event again: it is then decided on what the other one wrote."""
    dynamodb.transact_write_items(TransactItems=list(writes))


def keep_case(incident: str, sequence: int, case: Document, at: datetime) -> None:
    """Keeps everything that a decision was made from, to explain it by later."""
    packed = gzip.compress(json.dumps(case, default=str).encode(), compresslevel=6)
    dynamodb.put_item(
        TableName=TABLE,
        Item={
            "pk": {"S": f"incident#{incident}"},
            "sk": {"S": f"case#{sequence:06}"},
            "case": {"B": packed},
            "expires_at": _expiry(at),
        },
    )


def _expiry(at: datetime) -> Document:
    return {"N": str(int((at + KEEP_HISTORY).timestamp()))}
