"""What stops a run that shows no promise."""

from __future__ import annotations

from hdeeprm.training.stopping import RunStopped


class Pruned(RunStopped):
    """The pruner wants the run to stop; raised by ``report``, and to be let through by the function."""
