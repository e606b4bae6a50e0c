"""A stand-in for Slack, PagerDuty and a webhook, on a port of 127.0.0.1.

It records what it is sent and answers as the originals do; it expects nothing.
"""

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Sent:
    """One request: its path, its headers in lower case, its body, and what was answered."""

    path: str
    headers: dict
    body: dict
    answer: dict


class Chat:
    """The server; `sent` grows in the order of arrival."""

    def __init__(self):
        self.sent = []
        self._lock = threading.Lock()
        self._messages = 0
        chat = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                raw = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, answer = chat._take(self.path, headers, json.loads(raw))
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

    def _take(self, path, headers, body):
        """Records the request and answers (status, body)."""
        with self._lock:
            status, answer = self._answer(path, body)
            self.sent.append(Sent(path, headers, body, answer))
            return status, answer

    def _answer(self, path, body):
        if path.endswith("/chat.postMessage"):
            self._messages += 1
            return 200, {"ok": True, "channel": body.get("channel"), "ts": f"1700000000.{self._messages:06}"}
        if path.endswith("/chat.update"):
            return 200, {"ok": True, "channel": body.get("channel"), "ts": body.get("ts")}
        if path.endswith("/v2/enqueue"):
            return 202, {"status": "success", "message": "Event processed", "dedup_key": body.get("dedup_key")}
        return 200, {}

    def of(self, method):
        """The bodies sent to one method, such as `chat.postMessage`."""
        with self._lock:
            return [sent.body for sent in self.sent if sent.path.endswith(method)]

    def stop(self):
        """Closes the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
