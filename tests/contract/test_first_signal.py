"""A server that is told to end before it has begun ends at once, as the first process of a container too."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

START = """
import os, runpy, signal, sys

class Interruption:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("serving.") and name != "serving.__main__":
            # What a first process has no handler for, the kernel drops.
            if signal.getsignal({number}) is not signal.SIG_DFL:
                signal.raise_signal({number})
            os._exit(99)

sys.argv = ["serving"]
sys.meta_path.insert(0, Interruption())
runpy.run_module("serving", run_name="__main__")
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_signal_before_the_first_import_ends_the_server_with_0(number: signal.Signals) -> None:
    done = subprocess.run([sys.executable, "-c", START.format(number=int(number))], cwd=ROOT, check=False)
    assert done.returncode == 0
