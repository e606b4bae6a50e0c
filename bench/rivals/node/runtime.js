/**
 * The loop that Lambda's managed runtime for Node.js runs around a handler: asks the
 * Runtime API for an event, calls the handler, sends what it gave.
 *
 * AWS's own client, the package `aws-lambda-ric`, builds curl and more with CMake and autotools
 * when it is installed. This does less than it, which only favours Node.
 *
 *   node runtime.js FILE     calls `handler` of FILE
 */

import http from "node:http";
import { pathToFileURL } from "node:url";

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const headers =
      body === undefined
        ? {}
        : { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const request = http.request(
      { host, port, agent, method, path: `/2018-06-01/runtime/${path}`, headers },
      (response) => {
        const chunks = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("end", () =>
          resolve({ headers: response.headers, text: Buffer.concat(chunks).toString() }),
        );
        response.on("error", reject);
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}

function problem(error) {
  return JSON.stringify({
    errorType: error.name,
    errorMessage: error.message,
    trace: error.stack?.split("\n"),
  });
}

async function loaded() {
  try {
    return (await import(pathToFileURL(process.argv[2]))).handler;
  } catch (error) {
    await call("POST", "init/error", problem(error));
    throw error;
  }
}

const handler = await loaded();
for (;;) {
  const { headers, text } = await call("GET", "invocation/next");
  const id = headers["lambda-runtime-aws-request-id"];
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const context = { awsRequestId: id, getRemainingTimeInMillis: () => deadline - Date.now() };
  process.env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"];
  try {
    const report = await handler(JSON.parse(text), context);
    await call("POST", `invocation/${id}/response`, JSON.stringify(report));
  } catch (error) {
    await call("POST", `invocation/${id}/error`, problem(error));
  }
}
