"""Write the files of a report again from its JSON: `python -m k8s.rollout.report build/rollout/mnist/report.json`."""

import sys
from collections.abc import Sequence
from pathlib import Path

from k8s.rollout.report import folder
from k8s.rollout.report.json_text import Unreadable, read


def main(arguments: Sequence[str]) -> int:
    """Write them beside it, and give the exit status."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write("usage: python -m k8s.rollout.report build/rollout/NAME/report.json\n")
        return 1
    file = Path(arguments[0])
    file = file / folder.JSON if file.is_dir() else file
    try:
        told = read(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"error: {file} cannot be read: {getattr(error, 'strerror', '') or error}\n")
        return 1
    except Unreadable as error:
        sys.stderr.write(f"error: {file}: {error}\n")
        return 1
    troubles = folder.write(told, file.parent)
    for sentence in troubles:
        sys.stderr.write(f"error: {sentence}\n")
    return 1 if troubles else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
