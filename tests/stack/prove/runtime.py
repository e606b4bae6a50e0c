"""The Lambda service, as far as a function sees it: the Runtime API, a deadline, and another try.

One `Lambda` is one function with its binary. An invocation ends with an answer, an
error, a kill, or its deadline; a process that has been killed is replaced by a new one.
"""

import contextlib
import json
import os
import queue
import signal
import socket
import subprocess
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ACCOUNT = "000000000000"


@dataclass(frozen=True)
class Ended:
    """How an invocation ended: `answer`, `error`, `killed` or `timeout`, and what it said."""

    how: str
    says: object = None


class Lambda:
    """A function behind a Runtime API of its own.

    `env` is its environment without the Runtime API's address; what it prints goes to `log`,
    and `now` is the time that it sees.
    """

    def __init__(self, name, binary, env, log, now=time.time):
        self.name, self._now = name, now
        self._binary, self.env, self._log = binary, env, log
        self._process = None
        self._events = queue.Queue()
        self._ended = queue.Queue()
        self._asked = threading.Event()
        function = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self):
                function._next(self)

            def do_POST(self):
                raw = self.rfile.read(int(self.headers.get("content-length", 0)))
                function._over(self.path, raw)
                _answer(self, 202, b'{"status":"OK"}')

            def log_message(self, *_):
                """Says nothing."""

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_):
                """A killed process hangs up."""

        self._server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self._address = f"127.0.0.1:{self._server.server_address[1]}"

    def _next(self, handler):
        """The long poll of a process. What one asks and is killed may be read when the next one
        runs: only whoever is still there takes an event."""
        while True:
            with contextlib.suppress(queue.Empty):
                request, event, deadline = self._events.get(timeout=0.02)
                if not _gone(handler.connection):
                    break
                self._events.put((request, event, deadline))
            if _gone(handler.connection):
                handler.close_connection = True
                return
        handler.send_response_only(200)
        content = json.dumps(event).encode()
        for name, value in (
            ("Lambda-Runtime-Aws-Request-Id", request),
            ("Lambda-Runtime-Deadline-Ms", str(int(deadline * 1000))),
            ("Lambda-Runtime-Invoked-Function-Arn", f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{self.name}"),
            ("Lambda-Runtime-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0"),
            ("content-type", "application/json"),
            ("content-length", str(len(content))),
        ):
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)

    def _over(self, path, raw):
        how = "answer" if path.endswith("/response") else "error"
        self._ended.put(Ended(how, json.loads(raw or b"null")))

    def invoke(self, request, event, seconds):
        """One attempt: hands the event to the process and waits until it is over."""
        if self._process is None:
            with open(self._log, "ab") as out:
                self._process = subprocess.Popen(
                    [str(self._binary)], env=self.env | {"AWS_LAMBDA_RUNTIME_API": self._address},
                    stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
                )  # fmt: skip
        self._events.put((request, event, self._now() + seconds))
        try:
            return self._ended.get(timeout=seconds)
        except queue.Empty:
            self.kill("timeout")
            return self._ended.get(timeout=5)

    def kill(self, how="killed"):
        """Ends the process at once, as nothing that it could hear of."""
        process, self._process = self._process, None
        if process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            with contextlib.suppress(queue.Empty):
                self._events.get_nowait()
            self._ended.put(Ended(how))

    def rest(self):
        """Ends the process between two runs, and forgets what came of it."""
        self.kill()
        while not self._ended.empty():
            self._ended.get_nowait()

    def stop(self):
        """Ends it for good."""
        self.rest()
        self._server.shutdown()
        self._server.server_close()


def _gone(connection):
    """Whether nobody is at the other end any more."""
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def _answer(handler, status, content):
    handler.send_response_only(status)
    handler.send_header("content-length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)
