"""Scores that waiting jobs are ranked by: those of the literature, and expressions of one's own."""

from .language import NAMES, evaluate
from .named import ALIASES, NAMED_SCORES, NamedScore
from .score import EXAMPLE_SCORE, OWN_SCORE, Score

__all__ = [
    "ALIASES",
    "EXAMPLE_SCORE",
    "NAMED_SCORES",
    "NAMES",
    "OWN_SCORE",
    "NamedScore",
    "Score",
    "evaluate",
]
