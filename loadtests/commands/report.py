"""Write all reports of a run again from its run.json.

They are put beside it unless --out names another folder. The exit status is the
verdict that the file holds; 2 where it cannot be read.
"""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from loadtests.report import ending, run_file, write
from loadtests.report.figures import phases
from loadtests.report.run_file import BadRunFile
from loadtests.verdict.result import Status


def add_options(parser: ArgumentParser) -> None:
    parser.add_argument("run", type=Path, metavar="run.json", help="of an earlier run; or run.json.gz, or their folder")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where the reports are put")


def do(options: Namespace) -> Status:
    try:
        path = run_file.find(options.run)
        run, verdict = run_file.read(path)
    except BadRunFile as refused:
        sys.stderr.write(f"{refused}\n")
        return Status.USAGE
    folder = options.out or path.parent
    troubles = write(run, verdict, folder)
    for sentence in troubles:
        sys.stderr.write(f"{sentence}\n")
    ending.tell(verdict, phases(run))
    return Status.USAGE if troubles else verdict.status
