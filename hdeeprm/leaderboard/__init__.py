"""The leaderboard: what known rules give on known workloads, beside what is published of them."""

from .board import Board
from .cell import Cell, Status
from .page import json_text, markdown
from .running import filled, opened
from .tables import BOARDS, boards_named
from .trace import prepared_trace

__all__ = [
    "BOARDS",
    "Board",
    "Cell",
    "Status",
    "boards_named",
    "filled",
    "json_text",
    "markdown",
    "opened",
    "prepared_trace",
]
