"""Where the commands of pages run: a folder with the examples, kept while nothing that matters changes."""

from __future__ import annotations

import functools
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from sphinx.errors import ExtensionError

ROOT = Path(__file__).parents[2]
SOURCES = ("hdeeprm", "platforms", "workloads", "models", "examples", "README.md")
"""What figures are made from."""
BLOCK = re.compile(r"^```(\w+).*?\n(.*?)^```", re.MULTILINE | re.DOTALL)
NOT_RUN = ("pip install", "source ")  # what whoever builds the site has done already
KEY_LENGTH = 12  # characters of a digest in the names of files
COLUMNS = 100  # width of what commands print
DONE = ".done"


def commands_of(text: str) -> tuple[str, ...]:
    """The commands of a page that are run, those of its blocks in bash, in their order."""
    lines = [line for kind, block in BLOCK.findall(text) if kind == "bash" for line in block.splitlines()]
    return tuple(line for line in lines if not any(word in line for word in NOT_RUN))


def open_cache(top: Path) -> Path:
    """The folder of what was made from the present sources; what was made from others is removed."""
    cache = top / digest_of_sources()
    if not cache.exists():
        shutil.rmtree(top, ignore_errors=True)
        cache.mkdir(parents=True)
    return cache


def make_file(set_up: Sequence[str], command: str, name: str, cache: Path) -> Path:
    """The file that a command writes; it runs only where that has not been made before.

    Args:
        set_up: Commands that come before; those who have them in common share their folder.
        command: The command that writes the file.
        name: The file, relative to the folder that the commands run in.
        cache: Folder of all that was made.

    Raises:
        ExtensionError: If a command fails, or the file is not there afterwards.
    """
    made = _place(set_up, command, name, cache)
    if not made.exists():
        folder = _prepared(set_up, cache)
        _run(command, folder)
        if not (folder / name).exists():
            raise ExtensionError(f"{command!r} wrote no {name}")
        part = made.with_suffix(".part")
        shutil.copy(folder / name, part)
        part.replace(made)
    return made


def read_output(set_up: Sequence[str], command: str, cache: Path) -> str:
    """What a command prints; arguments and errors as for files."""
    made = _place(set_up, command, "output.txt", cache)
    if not made.exists():
        made.write_text(_run(command, _prepared(set_up, cache)), encoding="utf-8")
    return made.read_text("utf-8")


def _place(set_up: Sequence[str], command: str, name: str, cache: Path) -> Path:
    return cache / f"{Path(name).stem}-{_digest(*set_up, command)}{Path(name).suffix}"


def _prepared(set_up: Sequence[str], cache: Path) -> Path:
    """A folder with the examples and the README's options.json, in which the set-up has run."""
    folder = cache / f"work-{_digest(*set_up)}"
    if not (folder / DONE).exists():
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(ROOT / "examples", folder / "examples")
        readme = BLOCK.findall((ROOT / "README.md").read_text("utf-8"))
        options = next(text for kind, text in readme if kind == "json")
        (folder / "options.json").write_text(options, encoding="utf-8")
        for line in set_up:
            _run(line, folder)
        (folder / DONE).touch()
    return folder


def _run(command: str, folder: Path) -> str:
    """Run a command with the programs of this Python, and return what it prints."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    settings = {**os.environ, "PATH": path, "MPLBACKEND": "agg", "COLUMNS": str(COLUMNS)}
    done = subprocess.run(shlex.split(command), cwd=folder, env=settings, capture_output=True, text=True)
    if done.returncode:
        raise ExtensionError(f"{command!r} ended with status {done.returncode}:\n{done.stderr}")
    return done.stdout


def _digest(*commands: str) -> str:
    return hashlib.sha256("\n".join(commands).encode()).hexdigest()[:KEY_LENGTH]


@functools.cache
def digest_of_sources() -> str:
    """What all files depend on besides their commands, in short."""
    digest = hashlib.sha256()
    for source in SOURCES:
        top = ROOT / source
        for path in sorted([top] if top.is_file() else top.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:KEY_LENGTH]
