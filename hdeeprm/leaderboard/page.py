"""The leaderboard as a page in Markdown, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, fields
from pathlib import Path

from .board import Board
from .cell import Cell
from .tables import BOARDS
from .trace import TRACE

TEXTS = Path(__file__).parent / "texts"
"""What is said of the page and of each table, in Markdown."""


def markdown(numbers: Mapping[str, Sequence[Cell]]) -> str:
    """The page of some tables.

    Args:
        numbers: Those of each table by its name.
    """
    sections = [_section(BOARDS[name], cells) for name, cells in numbers.items()]
    return "\n".join((_text("introduction"), *sections))


def _section(board: Board, cells: Sequence[Cell]) -> str:
    trace = f" --trace {TRACE}" if board.needs_trace else ""
    command = f"hdeeprm leaderboard --table {board.name}{trace}"
    opening = (f"## {board.title}", "", "```", command, "```", "", _text(board.name))
    return "\n".join((*opening, *board.lines(cells), ""))


def _text(name: str) -> str:
    return (TEXTS / f"{name}.md").read_text(encoding="utf-8")


def json_text(numbers: Mapping[str, Sequence[Cell]]) -> str:
    """The tables with all digits: columns, and a row for each number."""
    columns = json.dumps([*(field.name for field in fields(Cell)), "status"])
    tables = []
    for name, cells in numbers.items():
        rows = ",\n".join(json.dumps([*astuple(cell), cell.status.value], allow_nan=False) for cell in cells)
        tables.append(f'"{name}": {{"columns": {columns}, "rows": [\n{rows}\n]}}')
    return "{\n" + ",\n".join(tables) + "\n}\n"
