"""Scores that waiting jobs are ranked by: those of the literature, and expressions of one's own."""

from .expressions import NAMES, evaluate
from .named import ALIASES, NAMED_SCORES, NamedScore
from .programs import LONGEST_PROGRAM, OPERATIONS
from .score import EXAMPLE_SCORE, OWN_SCORE, Score

__all__ = [
    "ALIASES",
    "EXAMPLE_SCORE",
    "LONGEST_PROGRAM",
    "NAMED_SCORES",
    "NAMES",
    "OPERATIONS",
    "OWN_SCORE",
    "NamedScore",
    "Score",
    "evaluate",
]
