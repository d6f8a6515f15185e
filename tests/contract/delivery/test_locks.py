"""A patch of the locks becomes a branch and a pull request, in a real repository; a patch of anything else does not."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.contract.delivery import standins
from tests.servers import ROOT

PATCH = """\
diff --git a/{file} b/{file}
--- a/{file}
+++ b/{file}
@@ -1 +1 @@
-one==1
+one==2
"""


class Repository:
    """A clone with an origin, and gh's stand-in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "clone"
        self.standins = folder / "standins"
        standins.put(self.standins)
        for name in ("requirements/all.lock", "serving/__init__.py"):
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text("one==1\n")
        (self.folder / "delivery").mkdir()
        (self.folder / "delivery" / "locks.sh").write_bytes((ROOT / "delivery" / "locks.sh").read_bytes())
        self.git("init", "--quiet", "--bare", str(folder / "origin"))
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("remote", "add", "origin", str(folder / "origin"))
        self.git("add", "--all")
        self.git("-c", "user.name=n", "-c", "user.email=n@e", "commit", "--quiet", "-m", "x")

    def git(self, *words: str) -> str:
        return subprocess.run(["git", *words], cwd=self.folder, capture_output=True, text=True, check=True).stdout

    def ask(self, patch: str) -> tuple[int, str, str]:
        """Give the exit status, what was said, and what gh was told."""
        (self.folder / "changes.patch").write_text(patch)
        done = subprocess.run(
            ["sh", "delivery/locks.sh", "changes.patch"],
            cwd=self.folder,
            env={
                **os.environ,
                **standins.environment(self.standins),
                "PATH": f"{self.standins / 'programs'}:{os.environ['PATH']}",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        told = self.standins / "told"
        return done.returncode, done.stdout, told.read_text() if told.exists() else ""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_newer_locks_are_pushed_and_asked_for(repository: Repository) -> None:
    status, said, told = repository.ask(PATCH.format(file="requirements/all.lock"))
    assert status == 0, said
    assert repository.git("--git-dir", "../origin", "show", "locks:requirements/all.lock") == "one==2\n"
    assert "gh pr create --head locks" in told


def test_without_anything_newer_nothing_is_done(repository: Repository) -> None:
    status, said, told = repository.ask("")
    assert (status, told) == (0, "")
    assert said == "locks: nothing is newer than what is locked\n"


def test_a_patch_of_anything_else_is_refused_whole(repository: Repository) -> None:
    both = PATCH.format(file="requirements/all.lock") + PATCH.format(file="serving/__init__.py")
    status, said, told = repository.ask(both)
    assert (status, told) == (1, "")
    assert said == "locks: the patch changes serving/__init__.py, expected requirements/*.lock alone\n"
    assert repository.git("--git-dir", "../origin", "branch") == ""


def test_a_patch_that_moves_a_file_among_the_locks_is_refused(repository: Repository) -> None:
    moved = (
        "diff --git a/serving/__init__.py b/requirements/new.lock\nsimilarity index 100%\n"
        "rename from serving/__init__.py\nrename to requirements/new.lock\n"
    )
    status, said, told = repository.ask(moved)
    assert (status, told) == (1, "")
    assert "the patch" in said
    assert repository.git("--git-dir", "../origin", "branch") == ""
