"""PyBatsim's own way in: ``pybatsim hdeeprm/pybatsim_scheduler.py -O options.json``, beside ``batsim``.

PyBatsim loads this file, connects to the Batsim that was started by hand with the same platform and workload,
and hands over. The experiment of the options runs inside; its results go to a new run directory.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hdeeprm.errors import HDeepRMError
from hdeeprm.options import load_options
from hdeeprm.platforms import Platform
from hdeeprm.simulator.batsim.attached_peer import AttachedPeer
from hdeeprm.simulator.batsim.dialogue import Listener
from hdeeprm.workloads import Workload

RUN_NAME = "pybatsim"


class PybatsimScheduler(Listener):
    """Runs the experiment of an options.json on the Batsim that PyBatsim is connected to.

    Args:
        options: The content of the options.json; relative paths start at the working directory.
    """

    def __init__(self, options: dict[str, Any]) -> None:
        super().__init__(options)
        with _told_briefly():
            self._experiment_options = load_options(options)

    def onAfterBatsimInit(self) -> None:
        """Run the experiment: Batsim has begun, and its first message is answered."""
        from hdeeprm.experiment import run_experiment
        from hdeeprm.results import default_run_directory

        with _told_briefly():
            run = run_experiment(
                self._experiment_options, default_run_directory(RUN_NAME), new_peer=self.peer
            )
        print(f"Results: {run.directory}")

    def peer(self, platform: Platform, workload: Workload) -> AttachedPeer:
        """The Batsim, for the platform and workload of the options."""
        return AttachedPeer(self.bs, self, workload, platform.num_cores)


@contextmanager
def _told_briefly() -> Iterator[None]:
    """End PyBatsim with a message instead of a traceback where the package raises an error on purpose."""
    try:
        yield
    except HDeepRMError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None


Pybatsim_scheduler = PybatsimScheduler
"""The name that PyBatsim makes of that of this file."""
