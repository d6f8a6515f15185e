"""Dashboards drawn again and again into a folder, and a page that shows them."""

import html
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Écluse</title><meta http-equiv="refresh" content="30">
<style>body{{background:#111217;color:#ccccdc;font-family:sans-serif;margin:16px}}a{{color:#6e9fff;margin-right:16px}}
img{{max-width:100%;display:block;margin:16px 0}}</style></head>
<body><nav>{links}</nav>{images}</body></html>
"""


class Pictures:
    """One drawing at a time, in a process of its own and behind everything else."""

    def __init__(self, dashboards: Sequence[Path], folder: Path, prometheus: str, every: float) -> None:
        self.folder, self.every = folder, every
        self._command = [
            *(sys.executable, "-m", "monitoring.preview", *map(str, dashboards)),
            *("--prometheus", prometheus, "--output", str(folder)),
        ]
        self._next = 0.0
        self._drawing: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "index.html").write_text(page([file.stem for file in dashboards]))

    def draw_when_due(self, start: float) -> None:
        """Begin to draw what has been since a time, if it is time to and nothing is being drawn."""
        if self._drawing is not None and self._drawing.poll() is None:
            return
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + self.every
        with (self.folder / "preview.log").open("wb") as log:
            self._drawing = subprocess.Popen(
                ["nice", "-n", "10", *self._command, f"--from={start:.0f}"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def end(self) -> None:
        if self._drawing is not None and self._drawing.poll() is None:
            self._drawing.kill()
            self._drawing.wait()


def page(names: Sequence[str]) -> str:
    links = "".join(f'<a href="#{html.escape(name)}">{html.escape(name)}</a>' for name in names)
    images = "".join(f'<img id="{name}" src="{name}.png" alt="{name}">' for name in map(html.escape, names))
    return PAGE.format(links=links, images=images)
