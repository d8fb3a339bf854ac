"""The tables of the leaderboard, one file each."""

from __future__ import annotations

from collections.abc import Iterable

from hdeeprm.errors import StudyError, did_you_mean

from ..board import Board
from . import lublin, platforms, simulators

BOARDS: dict[str, Board] = {board.name: board for board in (lublin.BOARD, simulators.BOARD, platforms.BOARD)}
"""Every table by its name, in the order of the page."""


def boards_named(names: Iterable[str]) -> list[Board]:
    """The tables of some names in the order of the page; all where none is named.

    Raises:
        StudyError: If there is none of a name.
    """
    wanted = set(names) or set(BOARDS)
    for name in sorted(wanted - set(BOARDS)):
        listed = ", ".join(BOARDS)
        raise StudyError(f"--table: there is no {name!r}; one of {listed}.{did_you_mean(name, BOARDS)}")
    return [board for name, board in BOARDS.items() if name in wanted]
