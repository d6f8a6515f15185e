"""Who stops listening to a command ends neither it nor its status."""

import errno
import io
import os
from pathlib import Path

import pytest

from loadtests.unheard import FULL, Unheard


def test_words_to_a_reader_who_left_go_nowhere() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        unheard = Unheard(stream)
        os.close(reading)

        unheard.write("all is well\n")
        unheard.flush()
        unheard.write("still\n")
        unheard.flush()

        assert Path(f"/proc/self/fd/{stream.fileno()}").readlink() == Path(os.devnull)


def test_words_to_a_reader_who_listens_arrive() -> None:
    stream = io.StringIO()
    unheard = Unheard(stream)

    unheard.write("all is well")
    unheard.flush()

    assert stream.getvalue() == "all is well"
    assert unheard.isatty() is False


def test_another_fault_of_a_stream_is_told() -> None:
    class Full(io.StringIO):
        def flush(self) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    unheard = Unheard(Full())

    with pytest.raises(OSError, match="No space"):
        unheard.flush()


def test_a_log_on_a_full_disk_ends_no_run() -> None:
    with Path("/dev/full").open("w") as stream:
        unheard = Unheard(stream, FULL)
        unheard.write("all is well\n")
        unheard.flush()
