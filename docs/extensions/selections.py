"""Tables of the selections and of their pairs."""

from __future__ import annotations

from enum import EnumType

from sphinx.pycode import ModuleAnalyzer

from hdeeprm.selections import ActionTable, CoreSelection, JobSelection

from .markdown import code, plain, table


def list_job_selections() -> str:
    """Every job selection with its meaning."""
    return _members(JobSelection, "job selection")


def list_core_selections() -> str:
    """Every core selection with its meaning."""
    return _members(CoreSelection, "core selection")


def list_pairs() -> str:
    """The numbers of all actions, a row for each job selection."""
    actions = ActionTable.all()
    cores = [core.name for core in CoreSelection]
    numbers = {name: number for number, name in enumerate(actions.names)}
    rows = [(code(job.name), *(numbers[f"{job.name}-{core}"] for core in cores)) for job in JobSelection]
    return f"{table(('', *map(code, cores)), rows)}\n\n`void` is action {numbers['void']}."


def _members(selection: EnumType, title: str) -> str:
    meanings = ModuleAnalyzer.for_module(selection.__module__).find_attr_docs()
    rows = [
        (code(name), plain(" ".join(meanings[selection.__name__, name]).strip()))
        for name in selection.__members__
    ]
    return table((title, "what it picks"), rows)
