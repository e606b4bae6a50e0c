"""What a service answers when something is wrong, in the protocol that it was asked in."""

import json
from dataclasses import dataclass

# Before: the call never reaches the service. After: it does, and the caller does not hear of it.
KILLS = ("killed before", "killed after")
FAULTS = ("throttled", "error 500", "reset", "hang", "malformed", "denied")
KINDS = (*KILLS, *FAULTS)
AFTER = {"killed after", "error 500", "reset", "malformed"}
# Once only: the SDK's own second attempt is undisturbed.
ONCE = {*KILLS, "error 500", "reset", "hang"}
# A missing permission and an answer that nobody understands do not go away by being asked again.
LASTING = {"malformed", "denied"}

CODES = {
    "throttled": ("ThrottlingException", 400),
    "error 500": ("InternalFailure", 500),
    "denied": ("AccessDeniedException", 400),
}
OF_S3 = {"throttled": ("SlowDown", 503), "error 500": ("InternalError", 500), "denied": ("AccessDenied", 403)}
# Services of the query protocol, which spell a code without the ending.
QUERY = {"sns", "elasticloadbalancing", "iam", "cloudformation"}
GARBAGE = b'{"half": [1, 2'


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; its headers are pairs."""

    status: int
    headers: list
    body: bytes


def answer(kind, request):
    """What the service of that request answers."""
    if request.service == "chat":
        return _chat(kind, request)
    if kind == "malformed":
        return Answer(200, [("content-type", _type(request))], GARBAGE)
    code, status = CODES[kind]
    says = f"{code} by the test"
    if "/operation/" in request.path:
        content = _cbor({"__type": f"com.amazonaws#{code}", "message": says})
        return Answer(status, [("content-type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")], content)
    if request.service in QUERY:
        error = f"<Type>Sender</Type><Code>{code.removesuffix('Exception')}</Code><Message>{says}</Message>"
        content = f"<ErrorResponse><Error>{error}</Error></ErrorResponse>"
        return Answer(403 if kind == "denied" else status, [("content-type", "text/xml")], content.encode())
    if request.service == "s3":
        code, status = OF_S3[kind]
        content = f"<Error><Code>{code}</Code><Message>{says}</Message></Error>"
        return Answer(status, [("content-type", "application/xml")], content.encode())
    content = json.dumps({"__type": code, "message": says, "Message": says}).encode()
    return Answer(status, [("content-type", _type(request)), ("x-amzn-errortype", code)], content)


def _type(request):
    return request.headers.get("content-type", "application/json")


def _chat(kind, request):
    """Slack says what is wrong with status 200, the others by the status."""
    slack = request.headers.get("authorization", "").startswith("Bearer xoxb")
    plain = [("content-type", "application/json")]
    if kind == "throttled":
        return Answer(429, [*plain, ("retry-after", "30")], b'{"ok": false, "error": "ratelimited"}')
    if kind == "error 500":
        return Answer(500, plain, b"")
    if kind == "malformed":
        return Answer(200, plain, GARBAGE)
    return Answer(200, plain, b'{"ok": false, "error": "not_in_channel"}') if slack else Answer(403, plain, b"{}")


def _cbor(fields):
    """A map of short texts in CBOR."""

    def text(value):
        raw = value.encode()
        return (bytes([0x60 | len(raw)]) if len(raw) < 24 else bytes([0x78, len(raw)])) + raw

    return bytes([0xA0 | len(fields)]) + b"".join(text(key) + text(value) for key, value in fields.items())
