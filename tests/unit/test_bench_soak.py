"""What a soak saw survives its file, and is judged from minute one on."""

import os
from pathlib import Path

import pytest

from loadtests.bench.soak import Soak, load, resident_bytes, save


def seen(*resident: int) -> Soak:
    return Soak("abc", "digits", 64, 120.0, 1000, 0, 10.0, resident)


def test_a_soak_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    save(seen(1, 2, 3), tmp_path / "soak.json")
    assert load(tmp_path / "soak.json") == seen(1, 2, 3)


def test_without_a_soak_there_is_none(tmp_path: Path) -> None:
    assert load(tmp_path / "soak.json") is None


def test_growth_is_counted_from_minute_one() -> None:
    assert seen(50, 60, 70, 80, 90, 100, 101, 102).growth == pytest.approx(0.02)


def test_a_soak_of_less_than_a_minute_has_not_grown() -> None:
    assert seen(50, 60).growth == 0


def test_the_memory_of_a_process_is_read_and_none_is_zero() -> None:
    assert resident_bytes(os.getpid()) >= 0
    assert resident_bytes(2**22 + 1) == 0
