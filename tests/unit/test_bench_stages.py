"""Stacks of a profile are added up by the part of the server's way that they were seen in."""

import pytest

from loadtests.bench.stages import OTHER, add_up

LOOP = "<module> (runpy.py:198);run (asyncio/runners.py:118)"
STACKS = f"""\
{LOOP};infer_v2 (serving/endpoint.py:95);encode (serving/payload_v2.py:52) 30
{LOOP};infer_v2 (serving/endpoint.py:95);decode (serving/payload_v2.py:40) 20
{LOOP};call (serving/direct_call.py:60);quick_execute (tensorflow/python/eager/execute.py:53) 40
{LOOP} 9
strange (elsewhere.py:1) 1
Thread._bootstrap (threading.py:1002);Thread.run (threading.py:982);_worker (concurrent/futures/thread.py:81) 500
no number here
"""


def test_the_innermost_frame_that_is_known_decides() -> None:
    shares = {part.title: part.share for part in add_up(STACKS.splitlines())}
    assert shares == {
        "TensorFlow": 0.4,
        "answers written": 0.3,
        "the rest of decoding": 0.2,
        "event loop and system calls": 0.09,
        OTHER: 0.01,
    }


def test_stages_come_from_the_dearest_to_the_cheapest_each_with_its_reason() -> None:
    parts = add_up(STACKS.splitlines())
    assert [part.share for part in parts] == sorted((part.share for part in parts), reverse=True)
    assert all(part.reason for part in parts)


def test_a_profile_without_stacks_has_no_parts() -> None:
    assert add_up([]) == []


def test_what_the_graphs_own_threads_took_is_added_to_what_was_seen() -> None:
    shares = {part.title: part.share for part in add_up(STACKS.splitlines(), graph_share=0.5)}
    assert shares["TensorFlow"] == pytest.approx(0.7)
    assert sum(shares.values()) == pytest.approx(1)
