"""Checkpoints: a trained agent as a file, with what it is, what it was trained on, and its weights.

A dictionary that ``torch.save`` writes:

    {"format": "hdeeprm-checkpoint", "format_version": 1, "agent": name,
     "shape": {"observation_size": ..., "num_actions": ..., ...},
     "environment": {"observation": kind, "observation_size": ..., "actions": [names]},
     "model_state_dict": {...}, "optimizer_state_dict": {...}, ...}

Tensors, numbers, texts, lists and dictionaries only: it is read with ``weights_only=True``, so that nothing
in a file is ever run.
"""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from hdeeprm.errors import AgentError
from hdeeprm.results.atomic import open_atomically

from .blame import error_text
from .contents import WEIGHTS, content_problem, header_problem, interned, weights_problem
from .damage import NAME_A_CHECKPOINT as CURE

if TYPE_CHECKING:
    from hdeeprm.env import WorkloadManagementEnv

FORMAT = "hdeeprm-checkpoint"
FORMAT_VERSION = 1
HEADER = ("format", "format_version", "agent", "shape", "environment")
ZIP_MAGIC = b"PK\x03\x04"
MAX_ERROR_TEXT = 200
MAX_NAMED = 5
"""How many layers or actions a message names before it says that there are more."""


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint holds.

    Attributes:
        path: Its file.
        agent: Name of the agent; None in a file with weights alone, as HDeepRM 0.1 to 0.3 wrote them.
        shape: Sizes that the agent was built with.
        environment: Facts of the environment that it was trained on.
        state: All else: ``model_state_dict`` at least.
    """

    path: Path
    agent: str | None = None
    shape: Mapping[str, int] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    state: Mapping[str, Any] = field(default_factory=dict)

    @property
    def weights(self) -> Mapping[str, Any]:
        """The model's weights by their names."""
        weights: Mapping[str, Any] = self.state[WEIGHTS]
        return weights

    def check(self, agent: str, shape: Mapping[str, int], environment: Mapping[str, Any]) -> None:
        """Refuse to load this into another agent, another shape, or for another environment.

        Weights alone say nothing of where they come from; :func:`load_weights` compares them layer by layer.

        Raises:
            AgentError: If something differs; the message says what the file has and what is wanted.
        """
        if self.agent is None:
            return
        if self.agent != agent:
            raise AgentError(
                f"{self.path}: is of the agent {self.agent!r}, not {agent!r}; name that agent, or a "
                "checkpoint of this one"
            )
        for fact, wanted in environment.items():
            found = self.environment.get(fact)
            if found != wanted:
                raise AgentError(
                    f"{self.path}: was trained with {_fact(fact, found, wanted)}; take the options that it "
                    "was trained with, or train anew"
                )
        if dict(self.shape) != dict(shape):
            raise AgentError(
                f"{self.path}: is of the shape {_pairs(self.shape)}; {_pairs(shape)} is wanted: take the "
                "platform and the options that it was trained with, or train anew"
            )


def environment_facts(env: WorkloadManagementEnv) -> dict[str, Any]:
    """What a model depends on: kind and size of the observation, the actions, and where jobs are put."""
    chosen = env.experiment_options.env
    facts = {
        "observation": chosen.observation,
        "actions": list(env.actions.names),
        "observation_size": int(env.observation_space.shape[0]),  # type: ignore[index]
    }
    return facts | ({"core_selection": chosen.actions.core_selection} if env.actions.num_choices else {})


def plugin_shape(env: WorkloadManagementEnv) -> dict[str, int]:
    """The shape of an agent that is built as ``Class(gamma, hidden, action_size, observation_size)``."""
    return {
        "observation_size": environment_facts(env)["observation_size"],
        "num_actions": env.actions.num_actions,
    }


def save_checkpoint(
    path: str | Path,
    agent_name: str,
    shape: Mapping[str, int] | tuple[int, ...],
    env_facts: Mapping[str, Any],
    state: Mapping[str, Any],
) -> None:
    """Write a checkpoint whole or not at all; the same content gives the same bytes.

    Args:
        path: File to write.
        agent_name: Name of the agent.
        shape: Sizes that it is built with, a mapping or a named tuple.
        env_facts: As of :func:`environment_facts`.
        state: ``model_state_dict`` and whatever else the agent goes on with.

    Raises:
        AgentError: If a weight is NaN, or something is neither tensor, number, text, list nor dictionary.
        RunDirectoryError: If the file cannot be written; an older one of that name is left as it was.
    """
    sizes = dict(shape) if isinstance(shape, Mapping) else dict(shape._asdict())  # type: ignore[attr-defined]
    header = dict(zip(HEADER, (FORMAT, FORMAT_VERSION, agent_name, sizes, dict(env_facts)), strict=True))
    content = {**state, **header}
    problem = content_problem(content) or weights_problem(content)
    if problem is not None:
        raise AgentError(f"{path}: is not written: {problem}")
    buffer = io.BytesIO()
    torch.save(interned(content), buffer)
    with open_atomically(Path(path)) as file:
        file.write(buffer.getbuffer())


def load_checkpoint(path: str | Path) -> Checkpoint:
    """Read a checkpoint, or weights alone, without running anything that a file may hold.

    Raises:
        AgentError: If it cannot be read, is damaged, of another format, or has a weight that is NaN.
    """
    path = Path(path)
    content = _content(path)
    if not isinstance(content, Mapping):
        raise AgentError(f"{path}: is no checkpoint: it holds a {type(content).__name__}; {CURE}")
    if "format" not in content and content and all(isinstance(value, Tensor) for value in content.values()):
        content = {WEIGHTS: content}
    elif not _is(content.get("format"), FORMAT):
        raise AgentError(f"{path}: is no checkpoint of HDeepRM: it is not marked {FORMAT!r}; {CURE}")
    elif not _is(content.get("format_version"), FORMAT_VERSION):
        version = " ".join(repr(content.get("format_version")).split())[:MAX_ERROR_TEXT]
        raise AgentError(
            f"{path}: is a checkpoint of format version {version}; this version of HDeepRM reads "
            f"{FORMAT_VERSION}: load it with the version that wrote it, or train anew"
        )
    problem = header_problem(content) or weights_problem(content) or content_problem(content)
    if problem is not None:
        raise AgentError(f"{path}: is a damaged checkpoint: {problem}")
    state = {key: value for key, value in content.items() if key not in HEADER}
    header = {key: content[key] for key in HEADER[2:] if key in content}
    return Checkpoint(path, state=state, **header)


def load_weights(module: nn.Module, weights: Mapping[str, Any], path: str | Path) -> None:
    """Give a module the weights of a checkpoint, all of them or none.

    Raises:
        AgentError: As of :func:`check_weights`.
    """
    check_weights(module, weights, path)
    module.load_state_dict(dict(weights))


def check_weights(module: nn.Module, weights: Mapping[str, Any], path: str | Path) -> None:
    """Refuse weights that are not a module's.

    Raises:
        AgentError: If they are of other layers or of other shapes.
    """
    wanted = module.state_dict()
    missing = [name for name in wanted if name not in weights]
    unknown = [name for name in weights if name not in wanted]
    if missing or unknown:
        parts = [f"lacks {_few(missing)}"] if missing else []
        parts += [f"has {_few(unknown)} beyond them"] if unknown else []
        raise AgentError(
            f"{path}: is not of the layers of {type(module).__name__}: it {' and '.join(parts)}; take the "
            "agent that it was trained with"
        )
    other = next((name for name in wanted if weights[name].shape != wanted[name].shape), None)
    if other is not None:
        raise AgentError(
            f"{path}: {other} has the shape {tuple(weights[other].shape)}, {tuple(wanted[other].shape)} is "
            "wanted; take the agent.hidden, the observation and the actions that it was trained with"
        )


def _content(path: Path) -> Any:
    """What ``torch.load`` makes of a file.

    Raises:
        AgentError: If the file cannot be read, or holds anything but weights.
    """
    data = _bytes(path)
    if data.startswith(ZIP_MAGIC):  # else a file of PyTorch before 1.6, or none at all
        data = _verified(data, path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about ancient formats
            return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:  # garbage makes it raise nearly anything
        text = error_text(error)[:MAX_ERROR_TEXT]
        raise AgentError(
            f"{path}: is no checkpoint, is cut short, or holds more than weights, which is never run "
            f"({text}); {CURE}"
        ) from error


def _bytes(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise AgentError(f"{path}: is a directory; {CURE}")
        if path.exists() and not path.is_file():
            raise AgentError(f"{path}: is no regular file; {CURE}")
        return path.read_bytes()
    except FileNotFoundError:
        raise AgentError(f"{path}: no such file; {CURE}") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise AgentError(f"{str(path)!r}: cannot be read: {reason}; {CURE}") from None


def _verified(data: bytes, path: Path) -> bytes:
    """The archive written anew, every part of it by its checksum, which PyTorch does not look at.

    Raises:
        AgentError: If the archive is damaged.
    """
    anew = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(anew, "w") as copy:
            for part in archive.infolist():
                if part.compress_type != zipfile.ZIP_STORED:
                    raise zipfile.BadZipFile(f"{part.filename!r} is compressed, which PyTorch never does")
                copy.writestr(part.filename, archive.read(part))
    except Exception as error:  # a broken archive makes it raise nearly anything
        text = error_text(error)[:MAX_ERROR_TEXT]
        raise AgentError(
            f"{path}: is damaged or cut short ({text}); take another copy of the file"
        ) from error
    return anew.getvalue()


def _is(value: object, wanted: str | int) -> bool:
    return type(value) is type(wanted) and value == wanted


def _fact(fact: str, found: object, wanted: object) -> str:
    """How a fact of an environment differs; of two long lists, the first difference."""
    if not (isinstance(found, list) and isinstance(wanted, list)):
        return f"{fact} {found}; here it is {wanted}"
    if len(found) != len(wanted):
        return f"{len(found)} {fact} ({_few(found)}); here are {len(wanted)} ({_few(wanted)})"
    index = next(index for index, item in enumerate(found) if item != wanted[index])
    return f"{fact}[{index}] {found[index]}; here it is {wanted[index]}"


def _few(names: list[Any]) -> str:
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return " ".join(", ".join(map(str, names[:MAX_NAMED])).split()) + more


def _pairs(shape: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {value}" for name, value in shape.items())
