"""A stand-in for Slack, PagerDuty and a webhook, on a port of 127.0.0.1.

It records what it is sent and answers as the originals do; it expects nothing.
"""

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl


@dataclass(frozen=True)
class Sent:
    """One request: its path, its headers in lower case, its body, and what was answered.

    The body of a file is empty: what was uploaded is in `files`.
    """

    path: str
    headers: dict
    body: dict
    answer: dict


@dataclass(frozen=True)
class File:
    """A file that people see: where, below which message, and what it is."""

    channel: str
    thread: str
    name: str
    title: str
    alt: str
    content: bytes


class Chat:
    """The server; `sent` grows in the order of arrival, and so does `files`."""

    def __init__(self):
        self.sent = []
        self.files = []
        self._uploads = {}
        self._lock = threading.Lock()
        # By their time stamp, as they stand now.
        self._messages = {}
        chat = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                raw = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, answer = chat._take(self.path, headers, raw)
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                """Says nothing: what was sent is in `sent`."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def _take(self, path, headers, raw):
        """Records the request and answers (status, body)."""
        with self._lock:
            if path.startswith("/upload/"):
                body, (status, answer) = {}, self._receive(path, raw)
            else:
                body = self._read(headers, raw)
                status, answer = self._answer(path, body)
            self.sent.append(Sent(path, headers, body, answer))
            return status, answer

    @staticmethod
    def _read(headers, raw):
        """A body that is JSON or a form."""
        if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return dict(parse_qsl(raw.decode(), strict_parsing=True))
        return json.loads(raw)

    def _receive(self, path, raw):
        """Takes a file: its address alone says which one it is."""
        upload = self._uploads.get(path.rpartition("/")[2])
        if upload is None or int(upload["length"]) != len(raw):
            return 400, {}
        upload["content"] = raw
        return 200, {}

    def _complete(self, body):
        """Shows files to people, once they are there and it is said whose they are."""
        files = json.loads(body["files"])
        uploads = [self._uploads.get(file["id"], {}) for file in files]
        if not all("content" in upload for upload in uploads):
            return {"ok": False, "error": "file_not_found"}
        for file, upload in zip(files, uploads, strict=True):
            self.files.append(
                File(
                    body["channel_id"], body.get("thread_ts"), upload["filename"],
                    file["title"], upload.get("alt_txt", ""), upload["content"],
                )
            )  # fmt: skip
        return {"ok": True, "files": files}

    def _answer(self, path, body):
        if path.endswith("/chat.postMessage"):
            ts = f"1700000000.{len(self._messages) + 1:06}"
            self._messages[ts] = dict(body) | {"ts": ts}
            return 200, {"ok": True, "channel": body.get("channel"), "ts": ts}
        if path.endswith("/chat.update"):
            self._messages.get(body.get("ts"), {}).update(body)
            return 200, {"ok": True, "channel": body.get("channel"), "ts": body.get("ts")}
        if path.endswith(("/conversations.history", "/conversations.replies")):
            return 200, self._standing(path, body)
        if path.endswith("/files.getUploadURLExternal"):
            file = f"F{len(self._uploads) + 1:08}"
            self._uploads[file] = dict(body)
            return 200, {"ok": True, "upload_url": f"{self.url}/upload/v1/{file}", "file_id": file}
        if path.endswith("/files.completeUploadExternal"):
            return 200, self._complete(body)
        if path.endswith("/v2/enqueue"):
            return 202, {"status": "success", "message": "Event processed", "dedup_key": body.get("dedup_key")}
        return 200, {}

    def _standing(self, path, body):
        """What stands in the channel, the newest first, or in the thread."""
        here = [message for message in self._messages.values() if message["channel"] == body["channel"]]
        if path.endswith("history"):
            found = [message for message in reversed(here) if "thread_ts" not in message]
        else:
            found = [message for message in here if body["ts"] in (message["ts"], message.get("thread_ts"))]
        shown = [{key: one[key] for key in ("ts", "text", "metadata") if key in one} for one in found]
        return {"ok": True, "messages": shown, "response_metadata": {"next_cursor": ""}}

    def roots(self):
        """The messages that stand in a channel by themselves, as they are now."""
        with self._lock:
            return [dict(message) for message in self._messages.values() if "thread_ts" not in message]

    def lines(self, ts):
        """The texts below a root, in order."""
        with self._lock:
            return [message["text"] for message in self._messages.values() if message.get("thread_ts") == ts]

    def of(self, method):
        """The bodies sent to one method, such as `chat.postMessage`."""
        with self._lock:
            return [sent.body for sent in self.sent if sent.path.endswith(method)]

    def stop(self):
        """Closes the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
