"""Where in whose file: what error messages say about an agent's code."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hdeeprm.errors import AgentError, HDeepRMError

OURS = ("hdeeprm", "torch", "abc", "builtins")
"""Packages whose classes an agent's class is derived from; its author wrote the others."""


@contextmanager
def blamed(kind: type, told: Callable[[], str]) -> Iterator[None]:
    """Say of an error which line of an agent's code raised it; leaving the program is one too.

    Args:
        kind: Class of the agent.
        told: Says, once it has failed, what failed and when.

    Raises:
        AgentError: In the place of any error but the package's own and a lack of memory.
    """
    try:
        yield
    except (HDeepRMError, MemoryError, KeyboardInterrupt, GeneratorExit):  # the last: a watch stops the run
        raise
    except BaseException as error:
        raise AgentError(
            f"{error_place(error, kind)}: {told()}: {error_text(error)}; correct it (--debug shows the "
            "traceback)"
        ) from error


def error_text(error: BaseException) -> str:
    """Kind and message of an error on one line."""
    try:
        message = " ".join(str(error).split())
    except Exception:  # its author wrote __str__ too
        message = ""
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def member_place(kind: type, member: str = "__init__") -> str:
    """``file:line`` of a method that the author of an agent's class wrote, else of the class."""
    code = getattr(inspect.unwrap(getattr(kind, member, None)), "__code__", None)  # type: ignore[arg-type]
    if code is not None and code.co_filename in _files_of(kind):
        return f"{code.co_filename}:{code.co_firstlineno}"
    try:
        return f"{inspect.getfile(kind)}:{inspect.getsourcelines(kind)[1]}"
    except (OSError, TypeError):  # no source, as of a class typed in at a prompt
        return kind.__qualname__


def error_place(error: BaseException, kind: type) -> str:
    """``file:line`` at which the code of an agent's class was when an error was raised."""
    files = _files_of(kind)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in files]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else member_place(kind)


def _files_of(kind: type) -> set[str]:
    """Files of a class and of those that it is derived from, as its author has them."""
    written = [base for base in kind.__mro__ if base.__module__.partition(".")[0] not in OURS] or [kind]
    files = set()
    for base in written:
        try:
            files.add(inspect.getfile(base))
        except (OSError, TypeError):
            continue
    return files
