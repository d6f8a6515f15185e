"""Make of an assignment what a generator sends: questions, encoded once, and a client for each kind of request."""

import atexit
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import gevent

from loadtests.clients import open_client
from loadtests.clients.address import Access
from loadtests.engine.assignment import Addresses, Assignment
from loadtests.engine.generator import Generator, Loaded
from loadtests.profile.arrivals import Arrival, arrivals
from loadtests.profile.form import Stream
from loadtests.profile.in_flight import most_in_flight
from loadtests.profile.segment import Segment
from loadtests.requests.drifted import Drift
from loadtests.requests.expectation import Expectation
from loadtests.requests.question import Question
from loadtests.requests.questions import questions
from loadtests.requests.rows import Rows, rows_of
from loadtests.requests.target import Target, read_target


def access(addresses: Addresses, headers: Mapping[str, str]) -> Access:
    """Give what connections need beside an address; certificates that came by value become a file again."""
    path = None if addresses.authority is None else _authority(addresses.authority)
    return Access(path, addresses.is_insecure, headers)


def model_of(stream: Stream, model: str) -> str:
    """Name the model that a stream asks."""
    return stream.model or model


def load(assignment: Assignment, headers: Mapping[str, str]) -> list[Loaded]:
    """Prepare every stream, in the profile's order; raises BadTarget where a model can be asked nothing."""
    profile = assignment.profile
    drifts = sorted({"", *(phase.drift for phase in profile.phases)})
    let_in = access(assignment.addresses, headers)
    pictures = None if assignment.pictures is None else rows_of(assignment.pictures)
    loaded = []
    for stream in profile.streams:
        target = read_target(*assignment.metadata[model_of(stream, assignment.model)])
        asked = {str(drift): _asked(stream, target, pictures, drift, assignment) for drift in drifts}
        client = open_client(stream, assignment.addresses.url, assignment.addresses.grpc, let_in)
        loaded.append(Loaded(stream.name, client, asked))
    return loaded


def _asked(
    stream: Stream, target: Target, pictures: Rows | None, drift: Drift, assignment: Assignment
) -> list[Question]:
    gevent.sleep(0)  # encoding takes a while, and a worker must go on saying that it lives
    return questions(
        stream,
        target,
        seed=assignment.profile.seed,
        pictures=pictures,
        drift=drift,
        expectation=Expectation() if stream.name in assignment.repeatable else None,
    )


@cache
def _authority(data: bytes) -> Path:
    path = _file(data, ".pem")
    atexit.register(path.unlink, missing_ok=True)
    return path


def _file(data: bytes, suffix: str) -> Path:
    """Write what came by value where it can be read as a file."""
    with tempfile.NamedTemporaryFile(prefix="loadtests-", suffix=suffix, delete=False) as file:
        file.write(data)
    return Path(file.name)


def generator(assignment: Assignment, loaded: Sequence[Loaded], worker: str) -> Generator:
    """Make the generator of one worker's share."""
    profile = assignment.profile
    shares = [stream.share for stream in profile.streams]

    def draw(segment: Segment, second: int) -> list[Arrival]:
        return arrivals(
            segment,
            second,
            seed=profile.seed,
            worker=assignment.worker,
            workers=assignment.workers,
            shares=shares,
        )

    return Generator(
        loaded,
        draw,
        worker=worker,
        most_in_flight=most_in_flight(profile, assignment.workers),
        timeout_seconds=profile.timeout_seconds,
    )
