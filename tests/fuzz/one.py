"""Fuzz one target, in the words of libFuzzer: `python -m tests.fuzz.one v1 tests/fuzz/corpus/v1`."""

import sys

import atheris

with atheris.instrument_imports(include=["serving"]):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    name, *options = sys.argv[1:]
    atheris.Setup([sys.argv[0], *options], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
