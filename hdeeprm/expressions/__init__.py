"""Small languages of numbers, names, operators and functions, in which no text reaches Python."""

from .nodes import ARITHMETIC, Node, worked_out
from .parsing import Language, parse

__all__ = ["ARITHMETIC", "Language", "Node", "parse", "worked_out"]
