"""JSON Schema of options.json, for editors and for ``hdeeprm schema``."""

from __future__ import annotations

from typing import Any

from hdeeprm.options.legacy import HISTORICAL_KEYS, HISTORICAL_SECTION
from hdeeprm.options.model import Options

DIALECT = "https://json-schema.org/draft/2020-12/schema"  # the one that pydantic writes


def options_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) in which every field says its meaning, unit and default.

    The historical keys are in it too, marked as deprecated.
    """
    schema = Options.model_json_schema()
    properties = schema["properties"]
    schema["$defs"]["AgentOptions"]["properties"]["policy_pair"] = {
        "type": "string",
        "deprecated": True,
        "description": "Name that HDeepRM 0.2 had for agent.name.",
    }
    properties[HISTORICAL_SECTION] = {
        "type": "object",
        "deprecated": True,
        "description": "Where HDeepRM 0.2 and 0.3 kept log_level, env and agent, now at the top level.",
        "properties": {key: properties[key] for key in HISTORICAL_KEYS},
        "additionalProperties": False,
    }
    return {"$schema": DIALECT, **schema, "title": "HDeepRM options.json"}
