"""Agents that come from outside the package: classes in a file, and entry points of installed packages."""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, ModuleType

from hdeeprm.errors import AgentError, did_you_mean
from hdeeprm.options.agent_names import ENTRY_POINTS, added_names

from .base import Agent
from .blame import error_text

BASES = "hdeeprm.agent's PolicyLearningAgent, ValueLearningAgent, ClassicAgent or Agent"

_modules_beside: set[str] = set()  # names of the modules that agent files imported from their folders


def load_agent(path: str | Path) -> type[Agent]:
    """The agent class that a Python file defines.

    The file may import modules that lie beside it. A class that another of the file is derived from does not
    count.

    Raises:
        AgentError: If the file cannot be read or run, or does not define one agent class.
    """
    path = Path(path)
    tree, code = _parsed(_read(path), path)
    return _only_agent(_run(code, path), tree, path)


def entry_point_agent(name: str) -> type[Agent]:
    """The agent class that an installed package offers by a name.

    Raises:
        AgentError: If none or several do, or if what one offers cannot be loaded or is no agent class.
    """
    points = list(importlib.metadata.entry_points(group=ENTRY_POINTS, name=name))
    if len(points) != 1:
        raise AgentError(_none_or_several(name, points))
    point = points[0]
    where = f"entry point {ENTRY_POINTS} {name!r} of {_distribution(point)}"
    try:
        found = point.load()
    except (Exception, SystemExit) as error:
        raise AgentError(
            f"{where}: {point.value} cannot be loaded: {error_text(error)}; correct or uninstall the package"
        ) from error
    if not (isinstance(found, type) and issubclass(found, Agent)):
        raise AgentError(f"{where}: {point.value} is no agent class; derive it from {BASES}")
    return found


def _none_or_several(name: str, points: list[importlib.metadata.EntryPoint]) -> str:
    if not points:
        known = added_names()
        return f"no installed package offers an agent {name!r}; install one.{did_you_mean(name, known)}"
    packages = " and ".join(sorted(_distribution(point) for point in points))
    return f"the agent {name!r} is offered by {packages}; uninstall all but one"


def _distribution(point: importlib.metadata.EntryPoint) -> str:
    return "an unknown package" if point.dist is None else f"{point.dist.name} {point.dist.version}"


def _read(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise AgentError(f"{path}: is a directory; name the agent's Python file in it")
        if path.exists() and not path.is_file():
            raise AgentError(f"{path}: is no regular file; name a Python file with an agent class")
        return path.read_bytes()
    except FileNotFoundError:
        raise AgentError(f"{path}: no such file; name a Python file with an agent class") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise AgentError(f"{str(path)!r}: cannot be read: {reason}; name a readable Python file") from None


def _parsed(source: bytes, path: Path) -> tuple[ast.Module, CodeType]:
    try:
        tree = ast.parse(source, str(path))
        return tree, compile(tree, str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        line = f":{error.lineno}" if error.lineno else ""
        raise AgentError(f"{path}{line}: is not Python: {error.msg}; correct this line") from None
    except (ValueError, RecursionError, MemoryError) as error:  # null bytes, or nested too deeply
        raise AgentError(f"{path}: is not Python: {error}; name a Python file with an agent class") from None


def _run(code: CodeType, path: Path) -> ModuleType:
    """Run a file as a module of a private name, so that it cannot take the place of another."""
    name = "_hdeeprm_agent_" + hashlib.blake2b(str(path.resolve()).encode(), digest_size=8).hexdigest()
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module
    try:
        with _modules_from(path.resolve().parent):
            exec(code, vars(module))
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        place = f"{path}:{_line_of(error, path)}"
        raise AgentError(f"{place}: cannot be loaded: {error_text(error)}; {_cure(error)}") from error
    return module


def _cure(error: BaseException) -> str:
    if not isinstance(error, ModuleNotFoundError):
        return "correct it"
    return (
        "pip install 'hdeeprm[learn]'" if error.name == "torch" else "install it, or lay it beside the file"
    )


@contextmanager
def _modules_from(folder: Path) -> Iterator[None]:
    """Let a file import the modules beside it, not those of the same names beside a file loaded before."""
    for name in _modules_beside:
        sys.modules.pop(name, None)
    _modules_beside.clear()
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        if str(folder) in sys.path:
            sys.path.remove(str(folder))
        new = set(sys.modules) - before
        roots = {name for name in new if "." not in name and _lies_in(sys.modules[name], folder)}
        _modules_beside.update(name for name in new if name.partition(".")[0] in roots)


def _lies_in(module: ModuleType, folder: Path) -> bool:
    file = getattr(module, "__file__", None)
    if not file:
        return False
    place = Path(file).resolve()
    return folder in (place.parent, place.parent.parent if place.name == "__init__.py" else None)


def _line_of(error: BaseException, path: Path) -> int:
    """Line of the file that was running when an error was raised."""
    line, frame = 1, error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == str(path):
            line = frame.tb_lineno
        frame = frame.tb_next
    return line


def _only_agent(module: ModuleType, tree: ast.Module, path: Path) -> type[Agent]:
    """The one agent class of a module."""
    found = {
        id(value): value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Agent) and value.__module__ == module.__name__
    }.values()
    agents = [kind for kind in found if not any(kind in other.__mro__[1:] for other in found)]
    if len(agents) == 1:
        return agents[0]
    if not agents:
        raise AgentError(f"{path}: defines no agent class; derive one from {BASES}")
    lines = {node.name: node.lineno for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    named = " and ".join(f"{kind.__name__} (line {lines.get(kind.__name__, '?')})" for kind in agents)
    raise AgentError(f"{path}: defines {len(agents)} agent classes, {named}; keep one of them in a file")
