"""The forms of options.json that HDeepRM 0.2 and 0.3 read, folded into the present one.

0.3 nests ``log_level``, ``env`` and ``agent`` in ``pybatsim``; 0.2 does too, and names its selection pair
in ``agent.policy_pair`` instead of ``env.actions.selection``.
"""

from __future__ import annotations

from collections.abc import Mapping

from hdeeprm.options.draft import Draft
from hdeeprm.options.problems import shown, unknown_key

HISTORICAL_SECTION = "pybatsim"
HISTORICAL_KEYS = ("seed", "log_level", "env", "agent")


def fold(source: Mapping[str, object]) -> Draft:
    """Options of any of the three forms in the present one; the source stays as it is."""
    draft = Draft(dict(source))
    _fold_pybatsim(draft)
    _fold_policy_pair(draft)
    return draft


def _fold_pybatsim(draft: Draft) -> None:
    """Bring what ``pybatsim`` nests to the top level."""
    nested = draft.data.pop(HISTORICAL_SECTION, {})
    if not isinstance(nested, Mapping):
        draft.refuse((HISTORICAL_SECTION,), f"an object {{...}} is wanted; {shown(nested)} was given")
        return
    for key, value in nested.items():
        location = (HISTORICAL_SECTION, key)
        if key not in HISTORICAL_KEYS:
            draft.refuse(location, unknown_key(key, HISTORICAL_KEYS))
        elif draft.data.get(key, value) != value:
            draft.refuse(location, f"the top level has another {key!r}; keep one of the two")
        else:
            draft.origins.setdefault((key,), (key,) if key in draft.data else location)
            draft.data[key] = value


def _fold_policy_pair(draft: Draft) -> None:
    """Bring ``policy_pair`` to ``name``."""
    if "policy_pair" not in draft.given("agent"):
        return
    agent = draft.section("agent") or {}
    location = (*draft.source_location(("agent",)), "policy_pair")
    pair = agent.pop("policy_pair")
    if agent.get("name", pair) != pair:
        draft.refuse(location, "'name' says something else; keep one of the two")
    elif "name" not in agent:
        draft.origins[("agent", "name")] = location
        agent["name"] = pair
