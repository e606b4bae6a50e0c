/**
 * The ledger: one DynamoDB table, whose documents are JSON with a version beside them.
 *
 * An item with a version is written only if nobody wrote since it was read. All that
 * belongs to one decision is one transaction, so that no crash leaves half of it.
 */

import { gzipSync } from "node:zlib";
import {
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  paginateQuery,
} from "@aws-sdk/client-dynamodb";
import { dynamodb } from "./clients.js";

const TABLE = process.env.NIGHTSHIFT_TABLE;
const DAY_S = 24 * 3600;
const KEEP_HISTORY_S = 400 * DAY_S;
// An event is delivered again for a day at most; a week leaves time for a person who
// sends one again from a dead-letter queue.
const KEEP_EVENTS_S = 7 * DAY_S;
const NOT_THERE = {
  ConditionExpression: "attribute_not_exists(#pk)",
  ExpressionAttributeNames: { "#pk": "pk" },
};

async function item(pk, sk) {
  const Key = { pk: { S: pk }, sk: { S: sk } };
  const command = new GetItemCommand({ TableName: TABLE, Key, ConsistentRead: true });
  return (await dynamodb.send(command)).Item;
}

/** Version and document of an item; version 0 stands for one that is not there. */
export async function read(pk) {
  const found = await item(pk, "head");
  if (!found) return { version: 0, document: {} };
  return { version: Number(found.version.N), document: JSON.parse(found.document.S) };
}

/** Whether this very event was claimed before. */
export async function seen(event) {
  return (await item(`event#${event}`, "event")) !== undefined;
}

/** Services of which an incident opened lately and is open still. */
export async function openings(since, most) {
  const command = new QueryCommand({
    TableName: TABLE,
    IndexName: "open-incidents",
    KeyConditionExpression: "#open = :open AND #opened_at >= :since",
    ExpressionAttributeNames: { "#open": "open", "#opened_at": "opened_at" },
    ExpressionAttributeValues: { ":open": { S: "1" }, ":since": { S: since.toISOString() } },
    Limit: most,
  });
  return (await dynamodb.send(command)).Items;
}

/** Issues that AWS Health reported and that are not over. */
export async function healthIssues() {
  const pages = paginateQuery(
    { client: dynamodb },
    {
      TableName: TABLE,
      ConsistentRead: true,
      KeyConditionExpression: "#pk = :health",
      FilterExpression: "#issue_open = :true",
      ExpressionAttributeNames: { "#pk": "pk", "#issue_open": "issue_open" },
      ExpressionAttributeValues: { ":health": { S: "health" }, ":true": { BOOL: true } },
    },
  );
  const issues = [];
  for await (const page of pages) {
    issues.push(...page.Items.map((found) => JSON.parse(found.document.S)));
  }
  return issues;
}

/** The write of an event, which fails if it was claimed before. */
export function event(id, at) {
  const Item = { pk: { S: `event#${id}` }, sk: { S: "event" }, expires_at: expiry(at, KEEP_EVENTS_S) };
  return { Put: { TableName: TABLE, Item, ...NOT_THERE } };
}

/** The write that puts `document` in the place of the version that was read. */
export function following(pk, version, document, more = {}) {
  const Item = {
    pk: { S: pk },
    sk: { S: "head" },
    version: { N: String(version + 1) },
    document: { S: JSON.stringify(document) },
    ...more,
  };
  const unchanged = {
    ConditionExpression: "#version = :read",
    ExpressionAttributeNames: { "#version": "version" },
    ExpressionAttributeValues: { ":read": { N: String(version) } },
  };
  return { Put: { TableName: TABLE, Item, ...(version === 0 ? NOT_THERE : unchanged) } };
}

/** The write of a service's record; in the index while an incident is open. */
export function head(version, record) {
  const open = { open: { S: "1" }, opened_at: { S: record.incident?.opened_at } };
  return following(`service#${record.service}`, version, record, record.incident ? open : {});
}

/** The write of something that is kept for reports: the same key is newer news of it. */
export function history(pk, sk, document, at) {
  const Item = {
    pk: { S: pk },
    sk: { S: sk },
    document: { S: JSON.stringify(document) },
    expires_at: expiry(at, KEEP_HISTORY_S),
  };
  return { Put: { TableName: TABLE, Item } };
}

/**
 * All of the writes or none. If somebody else was faster it throws, and Lambda delivers
 * the event again: it is then decided on what the other one wrote.
 */
export async function write(...writes) {
  await dynamodb.send(new TransactWriteItemsCommand({ TransactItems: writes }));
}

/** Keeps everything that a decision was made from, to explain it by later. */
export async function keepCase(incident, sequence, kept, at) {
  const Item = {
    pk: { S: `incident#${incident}` },
    sk: { S: `case#${numbered(sequence)}` },
    case: { B: gzipSync(JSON.stringify(kept)) },
    expires_at: expiry(at, KEEP_HISTORY_S),
  };
  await dynamodb.send(new PutItemCommand({ TableName: TABLE, Item }));
}

/** A number that sorts as text. */
export const numbered = (sequence) => String(sequence).padStart(6, "0");

const expiry = (at, keepS) => ({ N: String(Math.floor(at.getTime() / 1000) + keepS) });
