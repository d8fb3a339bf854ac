"""Job selections, core selections and the table of actions that an environment offers.

An action is a *selection pair*: which waiting job goes next, by one of HDeepRM's selections or by a score,
and which free cores it gets. Or it is a *job choice*: one of the waiting jobs that are oldest, started alone,
with a core selection that is the same for all. The void action, where there is one, starts nothing and is
always the last of the table.
"""

from .actions import VOID_CODE, VOID_NAME, ActionTable, JobChoice, not_selected
from .pairs import (
    ALL_PAIRS,
    EXAMPLE_PAIR,
    PAIR_NAMES,
    AnyJobSelection,
    CoreSelection,
    JobSelection,
    SelectionPair,
    is_pair,
    job_selection,
    nearest_pair,
)
from .reading import SelectionProblem, read_selection

__all__ = [
    "ALL_PAIRS",
    "EXAMPLE_PAIR",
    "PAIR_NAMES",
    "VOID_CODE",
    "VOID_NAME",
    "ActionTable",
    "AnyJobSelection",
    "CoreSelection",
    "JobChoice",
    "JobSelection",
    "SelectionPair",
    "SelectionProblem",
    "is_pair",
    "job_selection",
    "nearest_pair",
    "not_selected",
    "read_selection",
]
