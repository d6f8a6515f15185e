"""The commands of a page: its console blocks, in order, with what the page says of them in comments.

A comment stands in the line before the block: `<!-- not run: REASON -->`, `<!-- needs
TOOL TOOL -->`, or `<!-- file NAME -->` before what is to be in a file. Knows no command.
"""

import re
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"(?:^<!-- (?P<said>.*?) -->\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{2,3} (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One block of commands, or a file that they read."""

    heading: str
    """The section that it stands in."""
    number: int
    """Within it, from 1."""
    text: str
    not_run: str = ""
    """Why it cannot be run anywhere."""
    needs: tuple[str, ...] = ()
    file: str = ""

    def __str__(self) -> str:
        return f"{self.heading} {self.number}"


def blocks(page: Path) -> list[Block]:
    """Give those that are commands or files. Whatever else is fenced shows something and is not run."""
    text = page.read_text(encoding="utf-8")
    headings = [(match.start(), match[1]) for match in HEADING.finditer(text)]
    found: list[Block] = []
    for match in BLOCK.finditer(text):
        said = match["said"] or ""
        if match["language"] != "console" and not said.startswith("file "):
            continue
        heading = [name for at, name in headings if at < match.start()][-1]
        number = 1 + sum(block.heading == heading for block in found)
        found.append(
            Block(
                heading,
                number,
                match["text"],
                not_run=said.removeprefix("not run: ") if said.startswith("not run: ") else "",
                needs=tuple(said.split()[1:]) if said.startswith("needs ") else (),
                file=said.removeprefix("file ") if said.startswith("file ") else "",
            )
        )
    return found
