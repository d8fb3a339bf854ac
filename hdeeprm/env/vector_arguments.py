"""What a vector environment is given, checked: modes, counts, seeds, rows, actions."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode

from hdeeprm.errors import AgentError, OptionsError


def checked_mode(mode: Any) -> AutoresetMode:
    """The autoreset mode of a name, or the mode itself.

    Raises:
        OptionsError: If there is none.
    """
    try:
        return AutoresetMode(mode)
    except ValueError:
        known = ", ".join(repr(member.value) for member in AutoresetMode)
        raise OptionsError(f"autoreset_mode: {mode!r} is not known; one of {known}") from None


def at_least_one(name: str, value: Any) -> int:
    """An integer above 0.

    Raises:
        OptionsError: If it is none.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise OptionsError(f"{name}: {value!r} is not an integer above 0")
    return value


def row_seeds(seed: Any, num_envs: int) -> list[int | None]:
    """The seed of each row, of a list or of one that row i adds i to; None where draws go on.

    Raises:
        OptionsError: If the seeds are no integers from 0 on, or not one for each row.
    """
    if seed is None:
        return [None] * num_envs
    if np.ndim(seed) == 0:
        first = _seed(seed)
        return [first + row for row in range(num_envs)]
    if len(seed) != num_envs:
        raise OptionsError(f"reset: seed: {len(seed)} seeds for {num_envs} environments")
    return [None if number is None else _seed(number) for number in seed]


def _seed(number: Any) -> int:
    try:
        seed = operator.index(number)
    except TypeError:
        seed = -1
    if seed < 0 or isinstance(number, bool):
        raise OptionsError(f"reset: seed: {number!r} is not an integer from 0 on")
    return seed


def chosen_rows(reset_mask: Any, num_envs: int) -> npt.NDArray[np.bool_]:
    """The rows to reset, an array of its own.

    Raises:
        OptionsError: If they are not told by a bool array of shape (N,), or there is none.
    """
    mask = np.array(reset_mask)
    if mask.shape != (num_envs,) or mask.dtype != np.bool_ or not mask.any():
        raise OptionsError(
            f"reset: reset_mask: {reset_mask!r} is no bool array of shape ({num_envs},) with a True"
        )
    return mask


def checked_actions(actions: Any, num_envs: int, num_actions: int) -> npt.NDArray[np.int64]:
    """An action per row, as the kernel takes them.

    Raises:
        AgentError: If they are not in the action space.
    """
    given = np.asarray(actions)
    if given.shape == (num_envs,) and given.dtype.kind in "iu":
        numbers = np.ascontiguousarray(given, np.int64)
        if numbers.view(np.uint64).max() < num_actions:  # negative ones look huge
            return numbers
    raise AgentError(
        f"actions {actions!r} are not {num_envs} integers from 0 to {num_actions - 1}; "
        "the environment's actions.names tells what each does"
    )
