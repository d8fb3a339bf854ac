"""JSON of figures, of which some are no numbers."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any


def without_nan(content: Any) -> Any:
    """The same with null in the place of what is no finite number, which JSON cannot hold."""
    if isinstance(content, Mapping):
        return {key: without_nan(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [without_nan(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content


def json_text(content: Mapping[str, Any]) -> str:
    """A JSON object with sorted keys; what is no finite number is null."""
    return json.dumps(without_nan(content), indent=2, sort_keys=True, allow_nan=False) + "\n"
