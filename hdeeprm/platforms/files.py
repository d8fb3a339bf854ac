"""Reads and checks platform files: JSON in, a checked description out, or every problem at once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticCustomError

from hdeeprm.catalogue import (
    KINDS,
    STRICT,
    Count,
    MemoryType,
    NetworkType,
    NodeType,
    ProcessorType,
    known,
    load_catalogue,
)
from hdeeprm.errors import PlatformError
from hdeeprm.platforms.p_states import P_STATES, PState
from hdeeprm.platforms.problems import problem_lines


def _active(state: PState) -> PState:
    """Jobs run in P0 and P1: there a core must have some speed."""
    if state.speed <= 0:
        raise PydanticCustomError("no_speed", "should have a speed above 0, since jobs run in P0 and P1.")
    return state


ActiveState = Annotated[PState, AfterValidator(_active)]
Latency = Annotated[str, Field(pattern=r"^\d+(\.\d+)?(e[+-]?\d+)?(ps|ns|us|ms|s)$")]


@dataclass(frozen=True, config=STRICT)
class NodeGroup:
    """Equal nodes of a cluster: the name of their type and how many they are."""

    type: Annotated[str, known("nodes")]
    number: Count


@dataclass(frozen=True, config=STRICT)
class Links:
    """Links of a network: the name of its type and the latency with its unit, such as ``"0us"``."""

    type: Annotated[str, known("networks")]
    latency: Latency


@dataclass(frozen=True, config=STRICT)
class ClusterEntry:
    """A cluster: its id, its nodes and the links between them."""

    id: Annotated[str, Field(min_length=1)]
    nodes: Annotated[tuple[NodeGroup, ...], Field(min_length=1)]
    local_links: Links


@dataclass(frozen=True, config=STRICT)
class OwnTypes:
    """Hardware types that the file defines itself, by name."""

    processors: dict[str, ProcessorType] = field(default_factory=dict)
    nodes: dict[str, NodeType] = field(default_factory=dict)
    memories: dict[str, MemoryType] = field(default_factory=dict)
    networks: dict[str, NetworkType] = field(default_factory=dict)


@dataclass(frozen=True, config=STRICT)
class PlatformFile:
    """Checked content of a platform file."""

    clusters: Annotated[tuple[ClusterEntry, ...], Field(min_length=1)]
    global_links: Links
    types: OwnTypes = field(default_factory=OwnTypes)
    p_states: tuple[ActiveState, ActiveState, PState, PState] = P_STATES


def read_json(path: Path) -> Any:
    """Content of a JSON file.

    Raises:
        PlatformError: If the file cannot be read, is no JSON, or gives a key twice; with file, line
            and column where they are known.
    """
    try:
        return json.loads(path.read_text("utf-8-sig"), object_pairs_hook=_without_duplicates)
    except json.JSONDecodeError as error:
        raise PlatformError(f"{path}:{error.lineno}:{error.colno}: not valid JSON: {error.msg}.") from error
    except OSError as error:
        raise PlatformError(f"{path}: cannot be read: {error.strerror}. Give a JSON file.") from error
    except (ValueError, RecursionError) as error:
        raise PlatformError(f"{path}: not a usable JSON file: {error}.") from error


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    twice = [key for key, times in Counter(key for key, _ in pairs).items() if times > 1]
    if twice:
        raise ValueError(f"key {twice[0]!r} is given twice in one object; keep one")
    return dict(pairs)


def check_platform(content: Any, source: str) -> PlatformFile:
    """Checked form of a platform file's content.

    Args:
        content: What the JSON holds.
        source: Name of the file, for the messages.

    Raises:
        PlatformError: With one line for every problem: file, JSON path, value, what is allowed.
    """
    problems = _duplicate_ids(content)
    try:
        platform = TypeAdapter(PlatformFile).validate_python(content, context=_known_names(content))
    except ValidationError as error:
        problems = problem_lines(error, PlatformFile) + problems
    if problems:
        raise PlatformError("\n".join(f"{source}: {problem}" for problem in problems))
    return platform


def _known_names(content: Any) -> dict[str, set[str]]:
    """Names that the file may use, by kind: those of the catalogue and its own."""
    own = _get(content, "types")
    return {kind: {*getattr(load_catalogue(), kind), *map(str, _get(own, kind) or ())} for kind in KINDS}


def _get(content: Any, key: str) -> Any:
    """Object or list under a key of JSON content not checked yet, else None."""
    value = content.get(key) if isinstance(content, Mapping) else None
    return value if isinstance(value, Mapping | list | tuple) else None


def _duplicate_ids(content: Any) -> list[str]:
    ids = [cluster.get("id") for cluster in _get(content, "clusters") or () if isinstance(cluster, Mapping)]
    counts = Counter(name for name in ids if isinstance(name, str))
    return [
        f"clusters: id {name!r} is given {n} times; rename all but one."
        for name, n in counts.items()
        if n > 1
    ]
