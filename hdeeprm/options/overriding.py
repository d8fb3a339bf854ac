"""Values that take the place of those of the file, and of those that could not stand beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hdeeprm.options.agent import LEARNING_KEYS
from hdeeprm.options.agent_names import CLASSIC, possible_types
from hdeeprm.options.draft import Draft
from hdeeprm.options.env import idle_action_keys
from hdeeprm.options.problems import Location
from hdeeprm.options.queue import idle_queue_keys
from hdeeprm.options.simulator import idle_simulator_keys


def override(draft: Draft, overrides: Mapping[str, object]) -> list[Location]:
    """Put the overriding values into a draft; those of the file that they exclude are taken out.

    Another agent, by name or by file, is not the one that the file's type and settings are for; other
    actions, another observation or simulator may have no use for the keys that the former ones had.

    Returns:
        The locations of the overriding values.
    """
    idle_before = _idle(draft)
    locations: list[Location] = []
    for path, value in overrides.items():
        *above, key = path.split(".")
        section = draft.section(*above)
        if section is None:
            continue
        if value is not None and section.get(key) != value:
            _drop(section, above, _outdated(path, section, value), overrides)
        section[key] = value
        draft.origins[(*above, key)] = (*above, key)
        locations.append((*above, key))
    for *above, key in _idle(draft) - idle_before:
        _drop(draft.section(*above) or {}, above, [key], overrides)
    return locations


def _outdated(path: str, section: Mapping[str, object], value: object) -> tuple[str, ...]:
    """Keys of a section that do not outlast a new value in it."""
    if path == "agent.name":
        types = possible_types(value) if isinstance(value, str) else ()
        kept_type = section.get("type") in types
        return ("file", "settings", *("type",) * (not kept_type), *LEARNING_KEYS * (types == (CLASSIC,)))
    if path == "agent.file":
        return ("name", "settings", "type") if section.get("name") is not None else ("settings",)
    rivals = {"training.episodes": ("total_steps",), "training.total_steps": ("episodes",)}
    return rivals.get(path, ())


def _idle(draft: Draft) -> set[tuple[str, ...]]:
    """Paths of the keys that mean nothing as the draft is."""
    env, actions, simulator = draft.given("env"), draft.given("env", "actions"), draft.given("simulator")
    of_actions = idle_action_keys(actions.get("type", "pairs"), env.get("observation", "normal"))
    of_simulator = idle_simulator_keys(simulator.get("backend", "embedded"), simulator.get("clock", "exact"))
    of_queue = idle_queue_keys(draft.given("queue").get("backfilling", "none"))
    return (
        {("env", "actions", key) for key in of_actions}
        | {("simulator", key) for key in of_simulator}
        | {("queue", key) for key in of_queue}
    )


def _drop(
    section: dict[str, object], above: list[str], keys: Iterable[str], overrides: Mapping[str, object]
) -> None:
    """Take keys out of a section, unless they are overridden themselves."""
    for key in keys:
        if ".".join((*above, key)) not in overrides:
            section.pop(key, None)
