"""``hdeeprm jobstat``: what the jobs of a workload are like."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from .arguments import positive
from .consoles import table_console

if TYPE_CHECKING:
    from hdeeprm.workload_statistics import JobTable

HELP = """\
Show statistics of the jobs of a workload: of all fields, or of one.

    hdeeprm jobstat trace.swf
    hdeeprm jobstat trace.swf run_time median p95 max
    hdeeprm jobstat trace.swf --save trace.svg

Fields of any workload: submit_time, interarrival_time, size (cores), req_time, run_time, accuracy,
core_seconds, mem (MB per core), mem_bw (GB/s per core). A trace has those of the SWF standard too, such as
wait_time, status, user or queue. Jobs that do not tell a field are left out of its statistics.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What ``hdeeprm jobstat`` is called with."""
    add = parser.add_argument
    add(
        "workload", metavar="WORKLOAD", help="an SWF trace or a Batsim JSON workload, a file or a shipped one"
    )
    add("field", metavar="FIELD", nargs="?", help="one field (default: a summary of all)")
    add(
        "statistics",
        metavar="STATISTIC",
        nargs="*",
        help="count, unique, sum, mean, std, min, median, max, or pX such as p95 (default: all)",
    )
    add("-nj", "--nb-jobs", metavar="N", type=positive, help="take the first N jobs (default: all)")
    add("--memory-unit", metavar="UNIT", default="KB", help="of a trace: KB (default), bytes or MB")
    add("--memory-scope", metavar="SCOPE", default="processor", help="of a trace: processor (default) or job")
    add("--platform", metavar="NAME", help="platform whose offered load is told, and which jobs it can hold")
    add("-s", "--save", type=Path, metavar="FILE", help="write a figure, out.svg, .png or .pdf")
    add("--json", action="store_true", help="print a JSON object")
    parser.set_defaults(verb=run)


def run(chosen: argparse.Namespace) -> int:
    """Print the statistics, and draw where a figure is asked for."""
    from hdeeprm.workload_statistics import read_job_table
    from hdeeprm.workloads import TraceSettings

    settings = TraceSettings(
        nb_jobs=chosen.nb_jobs, memory_unit=chosen.memory_unit, memory_scope=chosen.memory_scope
    )
    table = read_job_table(chosen.workload, settings)
    if chosen.save is not None:
        from hdeeprm.plots.saving import check_ending

        check_ending(chosen.save)
    if chosen.field is None:
        _tell_all(chosen, table)
    else:
        _tell_field(chosen, table)
    if chosen.save is not None:
        _draw(chosen, table)
    return 0


def _tell_field(chosen: argparse.Namespace, table: JobTable) -> None:
    """One statistic as a bare number; several by name."""
    from hdeeprm.workload_statistics import compute
    from hdeeprm.workload_statistics.showing import exact
    from hdeeprm.workload_statistics.statistics import EXAMPLES

    names = chosen.statistics or EXAMPLES
    values = table.known(chosen.field)
    figures = {name: compute(values, name) for name in names}
    if chosen.json:
        print(json.dumps({"workload": table.source, "field": chosen.field, **figures}))
    elif len(chosen.statistics) == 1:
        print(exact(figures[names[0]]))
    else:
        for name, value in figures.items():
            print(f"{name}: {exact(value)}")


def _tell_all(chosen: argparse.Namespace, table: JobTable) -> None:
    from hdeeprm.platforms import load_platform
    from hdeeprm.workload_statistics import summarise_workload
    from hdeeprm.workload_statistics.showing import show_summary

    platform = load_platform(chosen.platform) if chosen.platform else None
    summary = summarise_workload(table, platform)
    if chosen.json:
        content = {"workload": summary.source, **summary.facts, "skipped": dict(summary.skipped)}
        print(json.dumps(content | {"fields": summary.fields, "notes": summary.notes}))
    else:
        show_summary(summary, table_console())


def _draw(chosen: argparse.Namespace, table: JobTable) -> None:
    from hdeeprm.plots.saving import save
    from hdeeprm.workload_statistics.figure import draw_field, draw_workload

    figure = draw_field(table, chosen.field) if chosen.field else draw_workload(table)
    save(figure, chosen.save)
    if not chosen.json:
        print(chosen.save)
