"""The files of a run directory that is read: which there are, and what records one that is missing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hdeeprm.errors import RunDirectoryError

from .columns import Columns, read_columns
from .directory import is_active, run_name

_SIMULATED = "it is written when the simulation of hdeeprm-launch has come to its end"
_TRAINED = (
    'training records it: launch an agent that learns, such as agent.name "ppo" with agent.run "train" '
    "(hdeeprm-launch)"
)
_RECORDED_BY = dict.fromkeys(("losses.csv", "episodes.csv", "action_preferences.csv"), _TRAINED)
_BOUNDED = ("time", "action", "processor", "start", "duration")
"""Columns without which a table means nothing."""
_TEXT = {"decisions.csv": ("action_name", "blocked_by")}


@dataclass(frozen=True, eq=False)
class RunFiles:
    """The files of a run that was, or still is.

    A file that is absent raises RunDirectoryError, which says what records it.

    Attributes:
        path: The directory.
        state: Content of its run.json; empty for a directory of Batsim's or HDeepRM 0.2's files.
    """

    path: Path
    state: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Name of the directory."""
        return run_name(self.path)

    @property
    def status(self) -> str:
        """``complete``, ``incomplete``, ``failed``, or ``running`` while it goes on."""
        status = self.state.get("status", "complete")
        return "incomplete" if status == "running" and not is_active(self.state) else str(status)

    @property
    def mark(self) -> str:
        """What is to be said of a run that is not complete, such as ``failed: REASON``; else empty."""
        if self.status == "complete":
            return ""
        died = self.status != self.state["status"]
        reason = "its process is gone" if died else self.state.get("reason", "")
        return f"{self.status}: {reason}" if reason else self.status

    def has(self, name: str) -> bool:
        """Whether a file of the run is there, packed or not."""
        return any(path.is_file() for path in self._places(name))

    def table(self, name: str) -> Columns:
        """Columns of a CSV file of the run.

        Args:
            name: Such as ``"losses.csv"``.
        """
        return read_columns(self.file(name), _TEXT.get(name, ()), bounded=_BOUNDED)

    def _places(self, name: str) -> tuple[Path, Path]:
        return self.path / name, self.path / f"{name}.gz"

    def file(self, name: str) -> Path:
        """A file of the run, packed or not."""
        found = next((path for path in self._places(name) if path.is_file()), None)
        if found is None:
            mark = f". This run is {self.mark}" if self.mark else ""
            raise RunDirectoryError(
                f"{self.path}: no {name} in this run; {_RECORDED_BY.get(name, _SIMULATED)}{mark}"
            )
        return found

    def json(self, name: str) -> dict[str, Any]:
        """The object in a JSON file of the run."""
        path = self.file(name)
        try:
            content = json.loads(path.read_bytes())
        except (OSError, ValueError, RecursionError) as error:
            raise RunDirectoryError(f"{path} cannot be read: {error}; the file is damaged") from error
        if not isinstance(content, dict):
            raise RunDirectoryError(f"{path}: an object {{...}} is wanted; the file is damaged")
        return content
