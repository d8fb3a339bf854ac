"""A Batsim process: found, started, watched, and never left behind."""

from __future__ import annotations

import os
import re
import select
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from hdeeprm.errors import BatsimError

KNOWN_MAJOR_VERSIONS = (3, 4)
"""Versions whose protocol PyBatsim 3 speaks."""
OWN_NAME = "hdeeprm "
"""What the Batsim of this package says before its version, which is the package's."""
VERSION_SECONDS, POLL_SECONDS = 30.0, 0.05
"""How long Batsim may take to tell its version, and how often it is looked whether it has ended; s."""
NUM_LAST_LINES, LAST_BYTES = 12, 8192
"""How much of what Batsim printed an error shows."""

_INSTALL = (
    "install Batsim 3 or 4 (4.2.1 is the last one that speaks this protocol), give its path in "
    "simulator.batsim_command, or name 'hdeeprm-batsim' there, which comes with this package"
)
_END_WITH_PARENT = 'read _; kill -9 "-$0"; rm -rf -- "$1"'
"""Shell: once nobody holds the other end of the standard input, end a process group and remove a folder."""


def find_batsim(command: str) -> str:
    """Path of a Batsim whose protocol is known.

    Args:
        command: Name or path.

    Raises:
        BatsimError: If there is none, it cannot be run, or it is of another version.
    """
    path = shutil.which(command)
    if path is None:
        if Path(command).is_file():
            raise BatsimError(f"{command}: is not executable; make it so (chmod +x), or {_INSTALL}")
        raise BatsimError(f"{command!r} was not found on PATH; {_INSTALL}")
    path = str(Path(path).absolute())
    _check_version(path)
    return path


def batsim_name(path: str) -> str:
    """Name and version of a Batsim that was found, such as "batsim 4.1.0"."""
    told = _told_version(path)
    return told.replace(OWN_NAME, "hdeeprm-batsim ") if told.startswith(OWN_NAME) else f"batsim {told}"


def _check_version(path: str) -> None:
    """Refuse a Batsim of another protocol.

    Raises:
        BatsimError: If it is one, or cannot tell.
    """
    told = _told_version(path)
    if told.startswith(OWN_NAME):
        return
    found = re.match(r"(?:batsim\s+)?v?(\d+)\.\d+", told, re.IGNORECASE)
    if found is None:
        raise BatsimError(f"{path} --version answers {told[:200]!r}, no version of Batsim; {_INSTALL}")
    if int(found[1]) not in KNOWN_MAJOR_VERSIONS:
        raise BatsimError(
            f"{path} is Batsim {found[0]}, which speaks another protocol than PyBatsim 3; {_INSTALL}"
        )


@cache
def _told_version(path: str) -> str:
    """What a Batsim answers to ``--version``; it is asked once."""
    try:
        asked = subprocess.Popen(
            [path, "--version"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise BatsimError(f"{path} cannot be run: {error.strerror}; {_INSTALL}") from error
    try:
        return _first_output(asked, time.monotonic() + VERSION_SECONDS).decode(errors="replace").strip()
    except TimeoutError:
        raise BatsimError(
            f"{path} --version gave no answer within {VERSION_SECONDS:g} s; {_INSTALL}"
        ) from None
    finally:
        _kill_group(asked)


def _first_output(process: subprocess.Popen[bytes], deadline: float) -> bytes:
    """What a process prints until it ends, or the first of it; what it leaves running may go on printing.

    Raises:
        TimeoutError: If it does not end before the deadline, as of ``time.monotonic()``.
    """
    assert process.stdout is not None
    found = b""
    while len(found) < LAST_BYTES:
        if time.monotonic() > deadline:
            raise TimeoutError
        if select.select([process.stdout], [], [], POLL_SECONDS)[0]:
            more = os.read(process.stdout.fileno(), LAST_BYTES)
            if not more:
                break
            found += more
        elif process.poll() is not None:
            break
    return found


def _kill_group(leader: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(leader.pid, signal.SIGKILL)
    leader.wait()
    if leader.stdout is not None:
        leader.stdout.close()


class BatsimProcess:
    """A running Batsim, in a process group of its own.

    It and its folder are gone soon after this process, however that ends.

    Args:
        argv: Path of Batsim and its arguments.
        folder: Where it runs; what it prints goes to a file there.

    Raises:
        BatsimError: If it cannot be started.
    """

    def __init__(self, argv: Sequence[str], folder: Path) -> None:
        self._argv = argv
        self._output = folder / "output.txt"
        try:
            with self._output.open("wb") as output:
                self._process = subprocess.Popen(
                    argv,
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        except OSError as error:
            raise BatsimError(f"{argv[0]} cannot be started: {error}; {_INSTALL}") from error
        try:
            self._guard = _guard(self._process.pid, folder)
        except BaseException:
            _kill_group(self._process)
            raise

    @property
    def has_ended(self) -> bool:
        """Whether it runs no more."""
        return self._process.poll() is not None

    def check_end(self, timeout: float) -> None:
        """Wait for a good end.

        Raises:
            BatsimError: If it does not end within ``timeout`` s, or badly.
        """
        try:
            status = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise self.error(
                f"did not end within {timeout:g} s after the simulation", "raise simulator.timeout"
            ) from None
        if status:
            raise self.error(f"{self._ending()} after the simulation", "its results are not used")

    def ended_early(self, when: str) -> BatsimError:
        """The error that it ended when it should not have."""
        return self.error(
            f"{self._ending()} {when}",
            "see what it says; where it refuses the platform file, set simulator.simgrid to its SimGrid",
        )

    def error(self, what: str, cure: str) -> BatsimError:
        """An error with what was run and what it printed last."""
        lines = self._last_lines()
        told = (
            "\n".join(["Its last lines:", *(f"  {line}" for line in lines)])
            if lines
            else "It printed nothing."
        )
        return BatsimError(f"Batsim {what}; {cure}. It was run as: {shlex.join(self._argv)}\n{told}")

    def kill(self) -> None:
        """End it and all that it started."""
        _kill_group(self._process)
        self._guard.kill()
        if self._guard.stdin is not None:
            self._guard.stdin.close()
        self._guard.wait()

    def _ending(self) -> str:
        status = self._process.wait()
        if status >= 0:
            return f"ended with exit status {status}"
        with suppress(ValueError):
            return f"was ended by {signal.Signals(-status).name}"
        return f"was ended by signal {-status}"

    def _last_lines(self) -> list[str]:
        with suppress(OSError), self._output.open("rb") as output:
            output.seek(max(0, output.seek(0, os.SEEK_END) - LAST_BYTES))
            lines = output.read().decode(errors="replace").splitlines()
            return [_printable(line.rstrip()) for line in lines if line.strip()][-NUM_LAST_LINES:]
        return []


def _printable(line: str) -> str:
    """A line that does nothing to the terminal."""
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in line)


def _guard(process_group: int, folder: Path) -> subprocess.Popen[bytes]:
    """A process that waits for the end of this one, even by SIGKILL, and then cleans up."""
    return subprocess.Popen(
        ["/bin/sh", "-c", _END_WITH_PARENT, str(process_group), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
