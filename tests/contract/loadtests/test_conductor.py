"""A fault of the load test's own ends a run, and loses nothing of it."""

import subprocess
import sys

from tests.contract.loadtests.trial import ROOT, START_SECONDS

# In a process of its own, since the conductor brings gevent.
CONDUCT = """
import time

from loadtests.engine.conductor import Conductor
from loadtests.engine.crew import Taken
from loadtests.measure.observation import Observation
from loadtests.measure.outcome import Outcome
from loadtests.profile.form import Phase, Profile, Stream

class Crew:
    workers, settled, is_done, is_lost, times = 1, 0, True, False, 0
    def announce(self, segments): pass
    def begin(self, zero): pass
    def finish(self): pass
    def stop(self): print("stopped")
    def take(self):
        self.times += 1
        if self.times == 2:
            raise ValueError("two is too many")
        taken = Taken()
        taken.timeline.add(Observation("v2", 0.5, 0.5, 0.6, Outcome.OK, "200"))
        return taken

class Watcher:
    def add(self, reported): pass
    def look(self, *_): pass

phases = (Phase(name="a", role="load", seconds=60),)
profile = Profile(summary="Is it kept?", streams=(Stream(name="v2", protocol="v2"),), phases=phases)
def wait(seconds):
    time.sleep(seconds)
    return False
conductor = Conductor(
    profile,
    Crew(),
    Watcher(),
    performance=None,
    judge=lambda *_: None,
    is_cut_off=wait,
    cut_off_words=str,
    give_up_after=9,
)
seen = conductor.conduct()
print(seen.cut_off)
print(seen.timeline.over(0, 60).total)
"""


def test_a_fault_in_the_middle_of_a_run_ends_it_with_what_was_measured() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CONDUCT], cwd=ROOT, capture_output=True, text=True, timeout=START_SECONDS, check=False
    )
    assert done.stdout.splitlines() == [
        "stopped",
        "the load test itself failed at second 0: ValueError: two is too many",
        "2",
    ], done.stderr
