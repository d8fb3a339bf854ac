"""Arrays of any type in a checkpoint, which holds tensors, numbers, texts, lists and dictionaries only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from hdeeprm.errors import AgentError


def packed(array: npt.NDArray[Any]) -> dict[str, Any]:
    """An array as the tensor of its bytes, with its type and shape; NaN and records are kept as they are."""
    data = bytearray(np.ascontiguousarray(array).tobytes())
    return {
        "type": _type_name(array),
        "shape": list(array.shape),
        "bytes": torch.frombuffer(data, dtype=torch.uint8) if data else torch.empty(0, dtype=torch.uint8),
    }


def unpacked(content: Mapping[str, Any], like: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The array that was packed.

    Args:
        content: What :func:`packed` returned.
        like: An array of the same type and number of axes.

    Raises:
        AgentError: If it was of another type.
    """
    if content["type"] != _type_name(like) or len(content["shape"]) != like.ndim:
        raise AgentError(
            f"it holds {content['type']} of {len(content['shape'])} axes where {_type_name(like)} of "
            f"{like.ndim} are wanted"
        )
    data = content["bytes"].numpy().tobytes()
    return np.frombuffer(data, like.dtype).reshape(content["shape"]).copy()


def packed_tree(tree: Any) -> Any:
    """The same nesting of dictionaries, lists and plain values, its arrays packed."""
    if isinstance(tree, np.ndarray):
        return packed(tree)
    if isinstance(tree, Mapping):
        return {str(key): packed_tree(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [packed_tree(value) for value in tree]
    return tree.item() if isinstance(tree, np.generic) else tree


def unpacked_tree(content: Any, like: Any) -> Any:
    """What was packed, in the nesting and the types of something alike.

    Raises:
        AgentError: If it was something else.
    """
    if isinstance(like, np.ndarray):
        return unpacked(content, like)
    if isinstance(like, Mapping):
        if set(content) != {str(key) for key in like}:
            raise AgentError(f"it holds {', '.join(content)} where {', '.join(map(str, like))} are wanted")
        return {key: unpacked_tree(content[str(key)], value) for key, value in like.items()}
    if isinstance(like, list | tuple) and len(content) == len(like):
        return type(like)(unpacked_tree(value, example) for value, example in zip(content, like, strict=True))
    if isinstance(content, torch.Tensor):
        raise AgentError(f"it holds a tensor where a {type(like).__name__} is wanted")
    return content


def _type_name(array: npt.NDArray[Any]) -> str:
    return str(array.dtype.descr) if array.dtype.names else array.dtype.str
