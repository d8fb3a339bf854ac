"""What is said of checkpoints that cannot be used; without PyTorch, which need not be installed to say it."""

from __future__ import annotations

from hdeeprm.errors import HDeepRMError

from .blame import error_text

NAME_A_CHECKPOINT = "name a checkpoint that -om wrote"
"""The cure for a file that is no checkpoint."""
DAMAGE = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""Errors that a wrong content may raise wherever it is used."""


def damage_text(error: BaseException) -> str:
    """What such an error says, on one line."""
    return " ".join(str(error).split()) if isinstance(error, HDeepRMError) else error_text(error)
