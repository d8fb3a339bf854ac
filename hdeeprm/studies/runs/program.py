"""Runs that are a program: started without a shell, its output kept and read."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import string
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from hdeeprm.errors import StudyError, did_you_mean
from hdeeprm.studies.pruned import Pruned

from .base import Report, Task
from .guarding import guarded
from .output import parsed_output

STDOUT, STDERR = "stdout.txt", "stderr.txt"
LAST_LINES = 3  # of what it complained about, in the error
TIME_TO_BE_STOPPED = 1.0
"""s; SLURM may end a program before the worker, whose run is then put back and has not failed."""
TIME_TO_END = 5.0  # s, between asking a program to end and killing it


class Program:
    """Starts a program in the run's directory and reads what it prints.

    Args:
        command: With ``{name}`` for an option.
        folder: Where relative paths of the program start.
        timeout: Longest time, in s; None: for ever.

    Raises:
        StudyError: If there is no such program.
    """

    def __init__(self, command: str, folder: Path, timeout: float | None) -> None:
        self._words, self._timeout = words_of(command), timeout
        self._folder = folder.absolute()
        check_program(command, self._folder)

    def __call__(self, task: Task, report: Report) -> dict[str, Any]:
        """Run it to its end.

        Raises:
            Pruned: If it prints nothing.
            StudyError: If it is not there, fails, takes too long, or what it prints cannot be read.
        """
        task.directory.mkdir(parents=True, exist_ok=True)
        words = self._filled(task)
        with open(task.directory / STDOUT, "wb") as out, open(task.directory / STDERR, "wb") as errors:
            self._run(words, task, out, errors)
        text = (task.directory / STDOUT).read_text(encoding="utf-8", errors="replace")
        if not text.strip():
            raise Pruned("the program printed nothing")
        return parsed_output(text)

    def _filled(self, task: Task) -> list[str]:
        """The words of the command, options put in; none of these becomes several words.

        Words that are files of the study's folder get whole paths, since a program runs in its run's folder.
        """
        seed = {} if task.seed is None else {"seed": task.seed}
        values = {**task.options, **seed, "run": task.number, "folder": self._folder}
        words = [_filled(word, values) for word in self._words]
        for index, word in enumerate(words):
            if word and word == self._words[index] and (self._folder / word).is_file():
                words[index] = str(self._folder / word)
        return words

    def _run(self, words: list[str], task: Task, out: Any, errors: Any) -> None:
        process = self._started(words, task, out, errors)
        try:
            with guarded(process.pid):
                status = process.wait(self._timeout)
        except subprocess.TimeoutExpired:
            _end(process)
            raise StudyError(
                f"command: ran longer than timeout = {self._timeout:g} s and was ended"
            ) from None
        except BaseException:
            _end(process)
            raise
        if status != 0:
            if "SLURM_JOB_ID" in os.environ:
                time.sleep(TIME_TO_BE_STOPPED)
            raise StudyError(f"command: ended with {_named(status)}{_complaint(task.directory / STDERR)}")

    def _started(self, words: list[str], task: Task, out: Any, errors: Any) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "HDEEPRM_RUN": str(task.number), "HDEEPRM_STUDY": str(self._folder)}
        try:
            return subprocess.Popen(
                words,
                cwd=task.directory,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            raise StudyError(
                f"command: {words[0]!r} cannot be started: {error.strerror}; relative paths start at "
                f"{self._folder}"
            ) from None


def words_of(command: str) -> list[str]:
    """The words of a command, at least one.

    Raises:
        StudyError: If there is none, or a quotation mark is left open.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise StudyError(f"command: {command!r} cannot be split into words: {error}") from None
    if not words:
        raise StudyError("command: is empty; name a program, such as './bench.sh {x}'")
    return words


def check_program(command: str, folder: Path) -> None:
    """See that the program of a command is there, unless which one it is differs from run to run.

    Args:
        command: With ``{name}`` for an option.
        folder: Where relative paths of the program start.

    Raises:
        StudyError: If it is not, or cannot be executed.
    """
    word = words_of(command)[0]
    file = folder / word
    if "{" in word or shutil.which(str(file.absolute())) or (not file.is_file() and shutil.which(word)):
        return
    if file.is_file():
        cure = f"chmod +x {shlex.quote(str(file))}"
        raise StudyError(f"command: {str(file)!r} cannot be executed; allow it: {cure}")
    nearest = did_you_mean(file.name, (other.name for other in file.parent.glob("*")))
    raise StudyError(
        f"command: {word!r} is neither a program of {str(folder)!r}, where relative paths start, nor one on "
        f"the PATH.{nearest}"
    )


def _filled(word: str, values: Mapping[str, Any]) -> str:
    """One word with the options put in; names are taken as they are, dots included."""
    parts = []
    for literal, name, form, _ in string.Formatter().parse(word):
        parts.append(literal)
        if name is not None:
            parts.append(format(values[name], form or ""))
    return "".join(parts)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program and all that it has started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(TIME_TO_END)
            if number == signal.SIGTERM:
                with suppress(ProcessLookupError):  # whatever it leaves behind goes too
                    os.killpg(process.pid, signal.SIGKILL)
            return


def _named(status: int) -> str:
    if status >= 0:
        return f"exit code {status}"
    try:
        return f"signal {signal.Signals(-status).name}"
    except ValueError:
        return f"signal {-status}"


def _complaint(path: Path) -> str:
    """The last lines of what a program wrote to stderr."""
    lines = [line for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return f": {' | '.join(lines[-LAST_LINES:])}" if lines else ""
