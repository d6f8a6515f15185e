"""Show which profiles there are, what one asks with everything filled in, and what is wrong with a file."""

import json
import sys
from argparse import ArgumentParser, Namespace

import yaml

from loadtests.profile.form import Profile
from loadtests.profile.outline import Outline, length, outline
from loadtests.profile.read import BadProfile, names, read, with_change
from loadtests.profile.sketch import BLOCKS, PLAIN, sketch
from loadtests.verdict.result import Status


def add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--schema", action="store_true", help="print the JSON schema of a profile, for editors")
    words = parser.add_subparsers(dest="word", metavar="list | show | check")
    words.add_parser("list", help="name them, with the question that each answers")
    for word, help_ in (
        ("show", "print one with all defaults and overrides, and draw its rate over time"),
        ("check", "say what is wrong with one"),
    ):
        shown = words.add_parser(word, help=help_)
        shown.add_argument("profile", metavar="NAME|FILE")
        shown.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE", help="as rate=100")


def do(options: Namespace) -> Status:
    try:
        if options.schema:
            _print(json.dumps(Profile.model_json_schema(), indent=2))
        elif options.word == "show":
            _show(read(options.profile, options.set))
        elif options.word == "check":
            _check(options.profile, read(options.profile, options.set))
        else:
            _list()
    except BadProfile as trouble:
        sys.stderr.write(f"{trouble}\n")
        return Status.USAGE
    return Status.PASSED


def _list() -> None:
    profiles = {name: read(name) for name in names()}
    width = max(map(len, profiles))
    for name, profile in profiles.items():
        _print(f"{name:<{width}}  {profile.summary}")
        _print(f"{'':<{width}}  {_size(outline(profile))}")


def _show(profile: Profile) -> None:
    expected = outline(profile)
    written = profile.model_dump(mode="json")
    _print(yaml.safe_dump(written, sort_keys=False, allow_unicode=True, default_flow_style=None, width=120).rstrip())
    _print("")
    for line in sketch(expected, BLOCKS if _can_print(BLOCKS) else PLAIN):
        _print(f"# {line}".rstrip())
    _print(f"# {_size(expected)}")


def _check(name: str, profile: Profile) -> None:
    _print(f"{name} can be run: {_size(outline(profile))}")
    try:
        with_change(profile, "")
    except BadProfile as needed:
        _print(f"It needs one thing more: {needed}")


def _size(expected: Outline) -> str:
    bound = f"{expected.bound} " if expected.bound else ""
    return f"{bound}{length(expected.seconds)}, {bound or 'about '}{expected.requests:,} requests"


def _can_print(characters: str) -> bool:
    return _printable(characters) == characters


def _printable(text: str) -> str:
    """Give what the terminal can show of it: a profile may say anything, and be named by any bytes."""
    encoding = sys.stdout.encoding or "ascii"
    return text.encode(encoding, "replace").decode(encoding)


def _print(text: str) -> None:
    sys.stdout.write(f"{_printable(text)}\n")
