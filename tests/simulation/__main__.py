"""Write the simulation's figures into docs/scheduling.md: `python -m tests.simulation`."""

import re
from pathlib import Path

from tests.simulation import report
from tests.simulation.costs import CPU, GPU

DOCS = Path(__file__).parent.parent.parent / "docs"
REQUESTS = 40_000


def put(text: str, mark: str, content: str) -> str:
    """Replace what stands between two marks."""
    pattern = rf"(<!-- {mark} -->).*?(<!-- /{mark} -->)"
    assert re.search(pattern, text, re.DOTALL), f"docs/scheduling.md has no place for the {mark}"
    return re.sub(pattern, lambda found: f"{found[1]}\n{content}\n{found[2]}", text, flags=re.DOTALL)


def main() -> None:
    page = DOCS / "scheduling.md"
    text = page.read_text()
    for cost in (GPU, CPU):
        text = put(text, cost.name, report.table(cost, REQUESTS))
    page.write_text(put(text, "patience", report.patience()))
    report.draw(DOCS / "scheduling.svg", REQUESTS // 2)


if __name__ == "__main__":
    main()
