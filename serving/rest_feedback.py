"""`POST /v1/feedback`: late labels over REST.

Says from the head of a request already whether its body is too large to hold
labels, so that it need not come.
"""

from collections.abc import Mapping
from functools import partial

from serving import late_labels
from serving.errors import InvalidRequest, WrongMethod
from serving.feedback import Feedback, switched_off
from serving.http_message import JSON, HttpAnswer, HttpRequest
from serving.timeout import Timeout
from serving.timeout_header import timeout_seconds


def check_head(method: str, path: str, headers: Mapping[bytes, bytes], feedback: Feedback | None) -> Feedback:
    """Give who takes labels, or raise what a request is refused for, whatever its body holds."""
    if method != "POST":
        raise WrongMethod(method, path, allowed="POST")
    if feedback is None:
        raise switched_off()
    length = headers.get(b"content-length", b"0")
    if length.isdigit():
        late_labels.check_size(int(length), feedback.most_labels)
    return feedback


async def answer(request: HttpRequest, feedback: Feedback | None) -> HttpAnswer:
    """Count the labels of a request; may raise any ServingError."""
    taker = check_head(request.method, request.path, request.headers, feedback)
    if request.failure is not None:
        raise request.failure
    if not request.body:
        raise InvalidRequest("the body is empty, expected JSON with 'labels'")
    allowed = Timeout.of(timeout_seconds(request.headers))
    received = await taker.receive(partial(late_labels.decode, request.body, taker.most_labels), allowed)
    return HttpAnswer(200, JSON, late_labels.encode(received))
