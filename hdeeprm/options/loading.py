"""options.json → ``Options``: read, folded into the present form, validated, all problems at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from hdeeprm.errors import OptionsError, json_path
from hdeeprm.options.draft import Draft
from hdeeprm.options.legacy import fold
from hdeeprm.options.model import Options
from hdeeprm.options.overriding import override
from hdeeprm.options.problems import Location, Problem, problems_of, shown
from hdeeprm.options.reading import json_problems, key_problems, read_json
from hdeeprm.options.rules import check, complete

OVERRIDE_LABEL = "override"


def load_options(
    source: Path | str | Mapping[str, object],
    overrides: Mapping[str, object] | None = None,
    folder: Path | None = None,
) -> Options:
    """Options of a file or mapping, in the present form or in that of HDeepRM 0.2 or 0.3.

    Args:
        source: Path of an options.json, or its content.
        overrides: Values that replace those of the source, by dotted path: ``{"simulator.clock": "exact"}``.
            What could not stand beside them goes too: with ``agent.name`` the former agent's file and
            settings, with ``training.total_steps`` the episodes.
        folder: Where relative paths start; by default the folder of the file, or the working
            directory for a mapping.

    Returns:
        The options, defaults filled in, immutable.

    Raises:
        OptionsError: One line for each thing that is wrong, in the order of the file.
    """
    if isinstance(source, Mapping):
        data: object = source
        label, place = "options", Path()
    else:
        data = read_json(Path(source))
        label, place = str(source), Path(source).parent
    return _validated(data, label, overrides or {}).located(place if folder is None else folder)


def _validated(source: object, label: str, overrides: Mapping[str, object]) -> Options:
    """Options of parsed JSON.

    Raises:
        OptionsError: One line for each thing that is wrong.
    """
    if not isinstance(source, Mapping):
        raise OptionsError(
            f"{label}: an object {{...}} is wanted at the top level; {shown(source)} was given"
        )
    unusable = key_problems(source, label)
    if unusable:
        raise OptionsError(_report(unusable, source, label))
    found = list(json_problems(source, label))
    draft = fold(source)
    overridden = override(draft, overrides)
    complete(draft)
    check(draft)
    options, wrong = _modelled(draft)
    found += [Problem(draft.source_location(problem.location), problem.text) for problem in wrong]
    if options is None or found:
        raise OptionsError(_report(found, source, label, overridden))
    return options


def _modelled(draft: Draft) -> tuple[Options | None, list[Problem]]:
    """The options, if the models accept them, and what is wrong with the draft."""
    try:
        return Options.model_validate(draft.data), draft.problems
    except ValidationError as error:
        details = error.errors(include_url=False)
        return None, draft.problems + [problem for detail in details for problem in problems_of(detail)]


def _report(
    problems: list[Problem],
    source: Mapping[str, object],
    label: str,
    overridden: list[Location] | None = None,
) -> str:
    """One line for each location, in the order of the source; what was overridden comes last."""
    first_of = {problem.location: problem for problem in reversed(problems)}
    lines = []
    for problem in first_of.values():
        is_override = any(problem.location[: len(place)] == place for place in overridden or ())
        where = OVERRIDE_LABEL if is_override else label
        line = ": ".join(filter(None, (where, json_path(problem.location), problem.text)))
        lines.append((is_override, _position(source, problem.location), line))
    return "\n".join(line for *_, line in sorted(lines))


def _position(source: object, location: Location) -> tuple[int, ...]:
    """Place of a location in the order of the source; what is not there comes after what is."""
    position = []
    for part in location:
        keys = list(source) if isinstance(source, Mapping) else []
        index = part if isinstance(part, int) else keys.index(part) if part in keys else len(keys)
        position.append(index)
        source = source.get(part) if isinstance(source, Mapping) else None
    return tuple(position)
