"""The runs that a study file asks for, put into the queue once; what may change in a file, what not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hdeeprm.errors import StudyError, json_path
from hdeeprm.studies.space import planned_runs

from .adding import add_again, add_run
from .place import check_name
from .queue import Queue
from .records import CAUSE, DROPPED, FILE, FILE_NAME, KEY, LEFT_OUT, PLANNED, RUN

if TYPE_CHECKING:
    from hdeeprm.studies.file.model import StudyFile

LASTING = ("run", "command", "objective", "metric", "direction", "options", "search", "landscape")
"""Keys that say what a result means: runs that are over could not be compared with those to come."""
CURE = "bring it back, name the file otherwise, or start anew with --anew, which keeps the old folder aside"


def plan(queue: Queue, file: StudyFile) -> None:
    """Put in what the file asks for and is not there yet; leave out what it asks for no longer.

    Runs that are over stay as they are. Grid, points, seeds of a grid and trials may grow and shrink.

    Raises:
        StudyError: If the file has changed in what results mean; the message names each change. Or if the
            folder is that of another file.
    """
    with queue.locked(), queue.journal.together():
        check_name(queue.facts, file.path)
        _check_unchanged(queue.file(), file)
        _fail_unplanned(queue)
        _add_and_drop(queue, file)
        content = json.loads(json.dumps(file.canonical()))
        if queue.file() != content:
            queue.note(FILE, content)
        if queue.facts.get(FILE_NAME) != file.path.name:
            queue.note(FILE_NAME, file.path.name)


def _add_and_drop(queue: Queue, file: StudyFile) -> None:
    from optuna.trial import TrialState

    latest = queue.latest()
    known = {trial.user_attrs[KEY]: trial for trial in latest.values()}
    number = max(latest, default=-1) + 1
    wanted = set()
    for planned in planned_runs(file):
        key = planned.key
        wanted.add(key)
        if key not in known:
            add_run(queue, number, planned)
            number += 1
        elif known[key].user_attrs.get(CAUSE) == DROPPED:
            add_again(queue, known[key])
    left_out = [trial for key, trial in known.items() if key not in wanted]
    for trial in left_out:
        if trial.state is TrialState.WAITING:
            queue.storage.set_trial_user_attr(trial._trial_id, CAUSE, DROPPED)
            queue.storage.set_trial_state_values(trial._trial_id, TrialState.FAIL)
    numbers = sorted(trial.user_attrs[RUN] for trial in left_out)
    if numbers != queue.facts.get(LEFT_OUT, []):
        queue.note(LEFT_OUT, numbers)


def _fail_unplanned(queue: Queue) -> None:
    """Fail what others have put into the queue: no run is invented."""
    from optuna.trial import TrialState

    waiting = queue.storage.get_all_trials(queue.id, deepcopy=False, states=(TrialState.WAITING,))
    for trial in waiting:
        if PLANNED not in trial.user_attrs:
            queue.storage.set_trial_state_values(trial._trial_id, TrialState.FAIL)


def _check_unchanged(before: Mapping[str, Any], file: StudyFile) -> None:
    if not before:
        return
    now = json.loads(json.dumps(file.canonical()))
    lasting = (*LASTING, "seeds") if file.search else LASTING
    changes = [
        f"{file.path}: {place}: was {old} when {file.folder}/ was started, is {new} now; {CURE}"
        for key in lasting
        for place, old, new in _differences(before.get(key), now.get(key), (key,))
    ]
    if changes:
        raise StudyError("\n".join(changes))


def _differences(old: Any, new: Any, place: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """Place, former and present value of all that differs."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        keys = dict.fromkeys((*old, *new))
        return [found for key in keys for found in _differences(old.get(key), new.get(key), (*place, key))]
    if old == new:
        return []
    return [(json_path(place), _shown(old), _shown(new))]


def _shown(value: Any) -> str:
    return "not there" if value is None else json.dumps(value)
