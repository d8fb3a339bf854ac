"""Entries of a checkpoint, which anyone may have edited: taken as what they are meant to be, or refused."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from hdeeprm.errors import AgentError

from .damage import DAMAGE, damage_text


@contextmanager
def entry(state: Mapping[str, Any], key: str) -> Iterator[Any]:
    """An entry, while something goes on from it.

    Raises:
        KeyError: If there is none.
        AgentError: If that fails; the message names the entry.
    """
    value = state[key]
    try:
        yield value
    except DAMAGE as error:
        raise AgentError(f"its {key!r} cannot be used: {damage_text(error)}") from error


def whole(value: object) -> int:
    """A number that counts something.

    Raises:
        AgentError: If it is none.
    """
    if type(value) is not int or not 0 <= value < 2**63:
        raise AgentError(f"{_shown(value)} is no whole number from 0 on")
    return value


def real(value: object) -> float:
    """A number, or NaN.

    Raises:
        AgentError: If it is none.
    """
    if type(value) not in (int, float):
        raise AgentError(f"{_shown(value)} is no number")
    return float(value)  # type: ignore[arg-type]


def array_like(value: object, like: npt.NDArray[Any], num_rows: int | None = None) -> npt.NDArray[Any]:
    """The array of a tensor, a copy.

    Args:
        value: The tensor.
        like: An array of the type and the shape wanted.
        num_rows: Length of the first axis; None for that of ``like``.

    Raises:
        AgentError: If it is of another type or shape.
    """
    wanted = like.shape if num_rows is None else (num_rows, *like.shape[1:])
    found = value.numpy() if isinstance(value, Tensor) else None
    if found is None or found.dtype != like.dtype or found.shape != wanted:
        raise AgentError(f"{_shown(value)} is no tensor of {like.dtype} of the shape {wanted}")
    return np.array(found)


def load_optimizer(optimizer: torch.optim.Optimizer, state: Any) -> None:
    """Let an optimizer go on from its state.

    Raises:
        AgentError: If the state is of other weights or of an optimizer with other settings.
        ValueError: As of PyTorch's ``load_state_dict``.
    """
    own = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict(state)
    for group, wanted in zip(optimizer.param_groups, own, strict=True):
        if not 0 <= real(group["lr"]) < math.inf:
            raise AgentError(f"lr {group['lr']} is no rate")
        for key in wanted.keys() - {"lr", "params"}:  # the rate may have been lowered since
            if _settings(group[key]) != _settings(wanted[key]):
                raise AgentError(f"{key} is not {wanted[key]}")
        for weight in group["params"]:
            _check_moments(weight, optimizer.state.get(weight, {}))


def _settings(value: object) -> str:
    """A setting of an optimizer, of which a file makes lists where it has tuples."""
    return repr(list(value)) if isinstance(value, tuple) else repr(value)


def _check_moments(weight: Tensor, moments: Mapping[str, Any]) -> None:
    """What Adam remembers of a weight is of its shape; nothing before the first step."""
    if moments and set(moments) != {"step", "exp_avg", "exp_avg_sq"}:
        raise AgentError(f"{', '.join(map(str, moments))} are not what Adam remembers")
    for name, value in moments.items():
        shape = torch.Size() if name == "step" else weight.shape
        if not isinstance(value, Tensor) or value.shape != shape:
            raise AgentError(f"{name} {_shown(value)} is no tensor of the shape {tuple(shape)}")


def _shown(value: object) -> str:
    if isinstance(value, Tensor):
        return f"a tensor of {str(value.dtype).removeprefix('torch.')} of the shape {tuple(value.shape)}"
    return repr(value) if isinstance(value, int | float) else f"a {type(value).__name__}"
