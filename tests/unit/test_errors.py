"""What a caller hears of each error, by either protocol."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.contract.values import CODES, REJECTIONS
from serving import errors
from serving.errors import LONGEST_SENTENCE, Refused, ServingError, WrongMethod

DOCUMENTED = {
    "InvalidRequest": (400, "INVALID_ARGUMENT", "bad_input"),
    "Unauthenticated": (401, "UNAUTHENTICATED", "unauthenticated"),
    "Forbidden": (403, "PERMISSION_DENIED", "forbidden"),
    "UnknownModel": (404, "NOT_FOUND", "unknown_model"),
    "UnknownRoute": (404, "UNIMPLEMENTED", "unknown_route"),
    "Unsupported": (404, "UNIMPLEMENTED", "unsupported"),
    "WrongMethod": (405, "UNIMPLEMENTED", "wrong_method"),
    "PayloadTooLarge": (413, "RESOURCE_EXHAUSTED", "too_large"),
    "WrongContentType": (415, "INVALID_ARGUMENT", "bad_input"),
    "HeadTooLarge": (431, "RESOURCE_EXHAUSTED", "head_too_large"),
    "SlowCaller": (408, "DEADLINE_EXCEEDED", "slow_caller"),
    "DeadlineExceeded": (504, "DEADLINE_EXCEEDED", "late"),
    "Overloaded": (503, "UNAVAILABLE", "queue_full"),
    "TooManyBytes": (503, "UNAVAILABLE", "overloaded_bytes"),
    "PredictedLate": (503, "UNAVAILABLE", "late"),
    "TooManyConnections": (503, "UNAVAILABLE", "too_many_connections"),
    "NotReady": (503, "UNAVAILABLE", "loading"),
    "Draining": (503, "UNAVAILABLE", "draining"),
    "ModelFailed": (500, "INTERNAL", "model_failed"),
    "ModelExhausted": (500, "INTERNAL", "model_exhausted"),
    "Unimplemented": (501, "UNIMPLEMENTED", "unimplemented"),
    "LoadFailed": (500, "INTERNAL", "load_failed"),
}


def raised(error: type[ServingError]) -> Iterator[type[ServingError]]:
    """The classes that are raised: those that have a reason of their own."""
    for child in error.__subclasses__():
        if "reason" in vars(child):
            yield child
        yield from raised(child)


ERRORS = tuple(raised(ServingError))


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: str(error.__name__))
def test_each_error_has_its_statuses_and_its_reason(error: type[ServingError]) -> None:
    assert (error.http_status, error.grpc_status, error.reason) == DOCUMENTED[error.__name__]


def test_every_error_documented_is_there() -> None:
    assert {error.__name__ for error in ERRORS} == DOCUMENTED.keys()
    assert errors.__doc__ is not None
    assert all(f"- {name}: " in errors.__doc__ for name in DOCUMENTED)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: str(error.__name__))
def test_each_status_can_be_counted(error: type[ServingError]) -> None:
    assert error.http_status in CODES


def test_no_two_errors_sound_alike() -> None:
    told = [(error.http_status, error.grpc_status, error.reason) for error in ERRORS]
    assert len(set(told)) == len(told)


def test_every_rejection_that_is_counted_is_the_reason_of_an_error() -> None:
    assert set(REJECTIONS) <= {error.reason for error in ERRORS}


def test_only_what_was_refused_whole_may_be_sent_again() -> None:
    refused = {error for error in ERRORS if error.http_status == 503}
    assert refused == {error for error in ERRORS if issubclass(error, Refused)}
    assert all(error.retry_after_seconds >= 1 for error in refused if issubclass(error, Refused))


def test_a_wrong_method_says_which_is_right() -> None:
    error = WrongMethod("PUT", "/v2", allowed="GET")
    assert (str(error), error.allowed) == ("PUT is not allowed on /v2: use GET", "GET")


@given(st.text("aé😀", min_size=1, max_size=5), st.integers(1, 1000))
def test_a_sentence_is_never_too_long_for_a_header(words: str, times: int) -> None:
    sentence = words * times
    told = str(errors.InvalidRequest(sentence))
    assert len(told) <= LONGEST_SENTENCE + len(" ... ")
    assert len(told) == len(sentence) or (told.startswith(sentence[:100]) and told.endswith(sentence[-100:]))


def test_a_short_sentence_is_kept_whole() -> None:
    assert str(errors.InvalidRequest("a" * LONGEST_SENTENCE)) == "a" * LONGEST_SENTENCE
