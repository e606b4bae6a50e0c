"""The wire between a function and everything that it calls: counted, and cut where a test says.

Every call of the AWS SDK and of the chat goes through a `Wire`. It names the call,
finds who answers it, and hands it on; a `Disturbance` that waits for this very call
then does something else instead.
"""

import http.client
import json
import socket
import struct
import threading
from collections import Counter
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from processes import until

from . import faults

# The services that ministack lacks, by the names that requests are signed for.
SIMULATED = {"ecs", "ecr", "application-autoscaling", "ce", "codedeploy"}
# What belongs to one connection alone.
HOP = {"connection", "host", "keep-alive", "content-length", "transfer-encoding"}
REST = {("scheduler", "POST"): "CreateSchedule", ("scheduler", "DELETE"): "DeleteSchedule",
        ("scheduler", "GET"): "GetSchedule", ("s3", "PUT"): "PutObject", ("s3", "GET"): "GetObject"}  # fmt: skip


@dataclass(frozen=True)
class Request:
    """One request as it came in, and what it is called."""

    method: str
    path: str
    headers: dict
    body: bytes
    service: str
    operation: str

    @property
    def name(self):
        """As reports have it: `dynamodb:TransactWriteItems`."""
        return f"{self.service}:{self.operation}"


@dataclass(frozen=True)
class Call:
    """A call that was made: whose, which, the status of its answer, None if it got none, and
    whether it is one of those that are worth disturbing."""

    function: str
    name: str
    status: int | None
    body: bytes
    counts: bool


def read(method, path, headers, body):
    """The request with service and operation, from whatever its protocol says them by."""
    service = _service(headers)
    return Request(method, path, headers, body, service, _operation(method, path, headers, body, service))


def _service(headers):
    """The name that the request is signed for; what is not signed goes to the chat."""
    signed = headers.get("authorization", "")
    return signed.split("Credential=", 1)[1].split("/")[3] if "Credential=" in signed else "chat"


def _operation(method, path, headers, body, service):
    if "x-amz-target" in headers:
        return headers["x-amz-target"].rpartition(".")[2]
    if "/operation/" in path:
        return path.rpartition("/operation/")[2]
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded") and service != "chat":
        return parse_qs(body.decode())["Action"][0]
    if (service, method) in REST:
        return REST[service, method]
    # Slack names a method by the path's last part; an upload's is its own.
    plain = urlsplit(path).path
    return "upload" if plain.startswith("/upload/") else plain.rpartition("/")[2]


class Wire:
    """A server on a port of 127.0.0.1; `places` maps `aws`, `simulator` and `chat` to URLs."""

    def __init__(self):
        self.places = {}
        self.calls = []
        self.disturbance = None
        # Whether what is called now is worth disturbing.
        self.counts = True
        self._schedules = {}
        # Whose calls these are: one function runs at a time.
        self.function = None
        self._open = Counter()
        self._lock = threading.Lock()
        wire = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self):
                self.whose = wire.function
                wire._opened(self.whose, 1)
                super().setup()

            def finish(self):
                try:
                    super().finish()
                finally:
                    wire._opened(self.whose, -1)

            def handle_any(self):
                wire._take(self)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any

            def log_message(self, *_):
                """Says nothing: calls are in `calls`."""

        class Server(ThreadingHTTPServer):
            # A function may be killed with twenty calls under way.
            request_queue_size = 128

            def handle_error(self, *_):
                """A killed function hangs up in the middle; that is the point."""

        self._server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def begin(self, places, disturbance=None):
        """Forgets all calls: another run begins."""
        with self._lock:
            self.places, self.calls, self.disturbance = places, [], disturbance
            self.counts, self._schedules = True, {}

    def _opened(self, function, more):
        with self._lock:
            self._open[function] += more

    def hung_up(self, function):
        """Waits until a function that has been killed has no connection left: what it had
        asked for is answered by then."""
        until(f"end of the connections of {function}", lambda: self._open[function] == 0)

    def take_schedules(self):
        """The schedules that were made since it was asked last, by name: their requests."""
        with self._lock:
            made, self._schedules = self._schedules, {}
        return made

    def _take(self, handler):
        body = handler.rfile.read(int(handler.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        request = read(handler.command, handler.path, headers, body)
        with self._lock:
            function, calls, disturbance = self.function, self.calls, self.disturbance
            kind = disturbance.due(function, request.name) if disturbance else None
        if kind is None:
            answer = self._forward(request)
            self._note(calls, function, request, answer.status)
            _send(handler, answer)
            return
        after = kind in faults.AFTER
        status = self._forward(request).status if after else None
        self._note(calls, function, request, status)
        if kind in faults.KILLS:
            disturbance.kill()
            _hang_up(handler)
        elif kind == "reset":
            _hang_up(handler)
        elif kind == "hang":
            disturbance.over.wait(60)
            _hang_up(handler)
        else:
            _send(handler, faults.answer(kind, request))

    def _note(self, calls, function, request, status):
        with self._lock:
            calls.append(Call(function, request.name, status, request.body, self.counts))
            if request.name == "scheduler:CreateSchedule" and status == 200:
                self._schedules[request.path.rpartition("/")[2]] = json.loads(request.body)

    def _forward(self, request):
        place = "chat" if request.service == "chat" else "simulator" if request.service in SIMULATED else "aws"
        url = urlsplit(self.places[place])
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
        try:
            headers = {name: value for name, value in request.headers.items() if name not in HOP}
            connection.request(request.method, request.path, request.body, headers | {"Host": url.netloc})
            answer = connection.getresponse()
            kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in HOP]
            return faults.Answer(answer.status, kept, answer.read())
        finally:
            connection.close()

    def stop(self):
        """Closes the port."""
        self._server.shutdown()
        self._server.server_close()


def _send(handler, answer):
    handler.send_response_only(answer.status)
    for name, value in answer.headers:
        handler.send_header(name, value)
    handler.send_header("content-length", str(len(answer.body)))
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(answer.body)


def _hang_up(handler):
    """Resets the connection: no answer, and no polite end either."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()


class Disturbance:
    """One thing that goes wrong: `kind`, at the `number`th call of that name by that function.

    A kill, a reset and what hangs happen once. What the service itself answers goes on for
    the same operation: `throttled` for as long as this attempt lasts, the others for as long
    as the event is delivered again.
    """

    def __init__(self, kind, function, name, number, kill=lambda: None):
        self.kind, self.function, self.name, self.number = kind, function, name, number
        self.kill = kill
        self.over = threading.Event()
        self.seen = 0
        self.hit = 0

    def due(self, function, name):
        """What to do to this call, if anything; called under the wire's lock."""
        if (function, name) != (self.function, self.name) or self.over.is_set():
            return None
        self.seen += 1
        if self.seen < self.number or (self.hit and self.kind in faults.ONCE):
            return None
        self.hit += 1
        return self.kind

    def attempt_ended(self):
        """The attempt that was disturbed is over: the next one meets what comes with the event alone."""
        if self.hit and self.kind not in faults.LASTING:
            self.over.set()

    def event_ended(self):
        """The event is answered, or given up."""
        if self.hit:
            self.over.set()


def body(call):
    """The body of a call as a dict, whichever of the two forms it has."""
    text = call.body.decode()
    return json.loads(text) if text.startswith("{") else {key: value[0] for key, value in parse_qs(text).items()}
