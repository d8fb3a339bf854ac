"""The real Batsim as a peer: a process of its own for each simulation, spoken to through PyBatsim."""

from __future__ import annotations

import shutil
import tempfile
import time
import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from hdeeprm.errors import BatsimError
from hdeeprm.platforms import Platform
from hdeeprm.simgrid_versions import LATEST

from .dialogue import Dialogue, Listener, Simulation
from .peer import EpisodeJobs, JobResults, News, Orders
from .process import BatsimProcess, batsim_name, find_batsim
from .results_reading import read_results
from .simgrid.writing import host_names, platform_xml
from .workload_writing import job_ids, workload_json

LOOK_MS = 50
"""How often it is looked whether a Batsim that says nothing still runs."""


class PyBatsimPeer:
    """Starts a Batsim per simulation, on a port of its own, and tidies up after it.

    Args:
        platform: Where jobs run.
        command: Name or path of Batsim.
        timeout: How long Batsim may be silent, in s.
        simgrid: Version of the SimGrid that it was built with.

    Raises:
        BatsimError: If Batsim is not found or speaks another protocol.
        DependencyNotInstalled: If lxml is missing.
    """

    def __init__(
        self, platform: Platform, *, command: str = "batsim", timeout: float = 60.0, simgrid: str = LATEST
    ) -> None:
        self._platform = _PlatformFile.of(platform, simgrid)
        self._batsim = find_batsim(command)
        self._timeout = timeout
        self._episode: _Episode | None = None
        self._results: JobResults | None = None
        self._tidy_up = weakref.finalize(self, _nothing)

    @property
    def name(self) -> str:
        """What it is, for those who read the results."""
        return batsim_name(self._batsim)

    def begin(self, jobs: EpisodeJobs) -> None:
        """Start a simulation; an unfinished one is given up.

        Raises:
            BatsimError: If Batsim cannot be started or says something else than expected.
        """
        self.close()
        held = ExitStack()
        self._tidy_up = weakref.finalize(self, held.close)
        with self._given_up_on_error():
            self._episode = _Episode(held, self._batsim, self._platform, jobs, self._timeout)
            self._episode.hear_begin()

    def exchange(self, orders: Orders) -> News:
        """Have orders carried out and let time pass until something is told.

        Raises:
            BatsimError: If no simulation is under way, or Batsim dies, hangs or says what is not understood.
        """
        if self._episode is None:
            raise BatsimError("no simulation is under way; begin one")
        with self._given_up_on_error():
            news = self._episode.dialogue.exchange(orders)
            if news.over:
                self._results = self._episode.results()
                self.close()
        return news

    def results(self) -> JobResults:
        """What became of the jobs of the last simulation that came to its end."""
        if self._results is None:
            raise BatsimError("there are no results before a simulation is over")
        return self._results

    def close(self) -> None:
        """Give up an unfinished simulation: no process and no file of it is left."""
        self._episode = None
        self._tidy_up()

    @contextmanager
    def _given_up_on_error(self) -> Iterator[None]:
        """Leave nothing behind, Ctrl-C included."""
        try:
            yield
        except BaseException:
            self.close()
            raise


def _nothing() -> None:
    """There is nothing to tidy up yet."""


@dataclass(frozen=True)
class _PlatformFile:
    """A platform as Batsim reads it."""

    content: bytes
    hosts: list[str]  # names in the order of the cores

    @classmethod
    def of(cls, platform: Platform, simgrid: str) -> _PlatformFile:
        return cls(platform_xml(platform, simgrid), host_names(platform))


class _Episode:
    """A simulation under way; what it holds is given back by ``held``."""

    def __init__(
        self, held: ExitStack, batsim: str, platform: _PlatformFile, jobs: EpisodeJobs, timeout: float
    ) -> None:
        self._hosts = platform.hosts
        self._timeout = timeout
        self._has_begun = False
        self._ids = job_ids(jobs.num_jobs)
        folder = Path(tempfile.mkdtemp(prefix="hdeeprm-batsim-"))
        held.callback(shutil.rmtree, folder, ignore_errors=True)
        self._prefix = folder / "out"
        (folder / "platform.xml").write_bytes(platform.content)
        (folder / "workload.json").write_bytes(workload_json(jobs, len(platform.hosts)))
        listener = Listener()
        listener.expect(self._ids)
        self._simulation = Simulation(listener)
        held.callback(self._simulation.context.term)
        # Kept here, so that it is closed before: a context waits for its sockets, and does not find those
        # that are being collected as garbage.
        held.callback(self._simulation.socket.close, linger=0)
        self._simulation.hold_replies(self._wait)
        self.dialogue = Dialogue(self._simulation, listener, self._ids)
        self._process = BatsimProcess(self._argv(batsim, folder), folder)
        held.callback(self._process.kill)

    def _argv(self, batsim: str, folder: Path) -> list[str]:
        endpoint = self._simulation.socket.LAST_ENDPOINT.decode().rstrip("\0")
        files = ["-p", str(folder / "platform.xml"), "-w", str(folder / "workload.json")]
        tracing = ["--disable-schedule-tracing", "--disable-machine-state-tracing"]
        return [batsim, *files, "-s", endpoint, "-e", str(self._prefix), "-E", "-q", *tracing]

    def hear_begin(self) -> None:
        """Take in the first message.

        Raises:
            BatsimError: If its machines are not our cores in our order.
        """
        self.dialogue.listen()
        for core, (name, machine) in enumerate(zip_longest(self._hosts, self.dialogue.machines)):
            if name != machine:
                raise self._process.error(
                    f"has {len(self.dialogue.machines)} machines, the platform {len(self._hosts)} cores; "
                    f"number {core} is called {machine!r} there and {name!r} here",
                    "take a Batsim that orders machines by name, as versions 3 and 4 do",
                )
        self._has_begun = True

    def results(self) -> JobResults:
        """What became of the jobs, once Batsim has ended well."""
        self._process.check_end(self._timeout)
        return read_results(self._prefix, self._ids)

    def _when(self) -> str:
        return f"at {self.dialogue.now:g} s" if self._has_begun else "before the simulation began"

    def _wait(self) -> None:
        """Wait until Batsim says something.

        Raises:
            BatsimError: If it ends or is silent for too long.
        """
        socket, silent_since = self._simulation.socket, time.monotonic()
        while not socket.poll(LOOK_MS):
            if self._process.has_ended and not socket.poll(0):
                raise self._process.ended_early(self._when())
            if time.monotonic() - silent_since > self._timeout:
                raise self._process.error(
                    f"was silent for {self._timeout:g} s {self._when()}",
                    "raise simulator.timeout if it is slow",
                )
