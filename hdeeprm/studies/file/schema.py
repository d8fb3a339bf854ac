"""JSON Schema of study files, for editors."""

from __future__ import annotations

from typing import Any

from hdeeprm.options.schema import DIALECT

from .model import StudyFile


def study_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) in which every key says its meaning and default."""
    return {"$schema": DIALECT, **StudyFile.model_json_schema(), "title": "HDeepRM study.toml"}
