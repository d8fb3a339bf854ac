"""What stops runs early: rules that judge a run by what it and the others have reported so far."""

from .naming import PRUNER_NAMES, PrunerSpec, new_pruner

__all__ = ["PRUNER_NAMES", "PrunerSpec", "new_pruner"]
