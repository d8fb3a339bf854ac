"""``hdeeprm generate``: a trace drawn from a model."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hdeeprm.errors import WorkloadError

from .consoles import table_console

if TYPE_CHECKING:
    from hdeeprm.workloads.generators.goodness import FitReport

HELP = """\
Write an SWF trace drawn from a model of job sizes, run times and arrivals.

MODEL is one of
  lublin    Lublin and Feitelson 2003 (default)
  jann      Jann et al. 1997; parameters fitted to 3,145 jobs of HPC2N-2002
  cirne     Cirne and Berman 2001; parameters fitted to the same jobs

and REQUESTS, the times that users ask for, one of
  rounded   the run time, rounded up to a value that users ask for
  tsafrir   over-estimated, after Tsafrir, Etsion and Feitelson 2005
  model     what the model itself draws (cirne)

For example, a trace at a load of 0.9, and one that is like another:

    hdeeprm generate --num-jobs 1000 --num-cores 2280 --load 0.9 \\
        --memory-mb 50 4000 --requests tsafrir --out trace.swf
    hdeeprm generate --like log.swf --out like_log.swf

With --like, the model is fitted to that trace, and it is said how well it fits.
"""

ARGUMENTS = (
    "model",
    "like",
    "num_jobs",
    "num_cores",
    "seed",
    "load",
    "requests",
    "max_requested_time",
    "max_job_cores",
    "max_run_time",
)
RANGES = ("memory_mb", "bandwidth_gbps")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What ``hdeeprm generate`` is called with."""
    add = parser.add_argument
    add("--model", metavar="MODEL", default="lublin", help="lublin (default), jann or cirne")
    add("--like", type=Path, metavar="TRACE", help="SWF trace to fit the model to, a file or a shipped one")
    add("--num-jobs", metavar="N", type=int, help="number of jobs (default: 1000, or as in TRACE)")
    add("--num-cores", metavar="N", type=int, help="cores of the machine (default: 256, or as in TRACE)")
    add("--seed", type=int, default=0, metavar="SEED", help="seed of all draws (default: 0)")
    add(
        "--load", type=float, help="offered load to scale arrivals to, such as 0.9 (default: the model's own)"
    )
    add(
        "--memory-mb",
        type=float,
        nargs=2,
        metavar=("LOW", "HIGH"),
        help="memory per core, drawn between (default: as in TRACE)",
    )
    add(
        "--bandwidth-gbps",
        type=float,
        nargs=2,
        metavar=("LOW", "HIGH"),
        help="memory bandwidth per core, drawn between, in a 19th field",
    )
    add("--requests", metavar="REQUESTS", help="rounded, tsafrir or model (default: what suits)")
    add("--max-requested-time", metavar="S", type=float, help="longest request in s, for tsafrir")
    add("--max-job-cores", metavar="N", type=int, help="cores of the largest job (default: all)")
    add("--max-run-time", metavar="S", type=float, help="longest run time in s")
    add("--out", type=Path, required=True, metavar="FILE", help="SWF file to write")
    add("--force", action="store_true", help="replace the file if it exists")
    add("--json", action="store_true", help="print what was written, and how well it fits, as JSON")
    parser.set_defaults(verb=run)


def run(chosen: argparse.Namespace) -> int:
    """Write the trace, and print where and, with --like, how near it comes."""
    from hdeeprm.results.atomic import check_unused
    from hdeeprm.workloads.generate import generate
    from hdeeprm.workloads.loading import find_workload

    check_unused(chosen.out, chosen.force, "--out")
    if chosen.like is not None and chosen.out.resolve() == find_workload(chosen.like).resolve():
        raise WorkloadError(f"{chosen.out} is the trace to fit to; give another name with --out")
    given: dict[str, Any] = {name: getattr(chosen, name) for name in ARGUMENTS}
    given |= {name: tuple(bounds) for name in RANGES if (bounds := getattr(chosen, name))}
    path = generate(chosen.out, **given)
    _show(path, chosen.like, chosen.json)
    return 0


def _show(path: Path, like: Path | None, as_json: bool) -> None:
    from hdeeprm.workloads.generators.goodness import compare_samples
    from hdeeprm.workloads.generators.sample import read_sample, sample_of
    from hdeeprm.workloads.swf import read_swf

    trace = read_swf(path)
    report = None if like is None else compare_samples(read_sample(like), sample_of(trace))
    if as_json:
        content = {"file": str(path), "num_jobs": trace.num_records, "fit": report and asdict(report)}
        print(json.dumps(content | {"parameters": json.loads(trace.header.get("Parameters", "null"))}))
        return
    print(f"{path}: {trace.num_records} jobs")
    if report is not None:
        _print_fit(report)


def _print_fit(report: FitReport) -> None:
    from rich.table import Table

    from hdeeprm.workloads.generators.goodness import QUANTILES

    table = Table("field", "KS distance", "trace", *(f"{100 * q:g} %" for q in QUANTILES))
    for fit in report.fields:
        unit = "" if fit.unit == "1" else f" ({fit.unit})"
        table.add_row(fit.field + unit, f"{fit.distance:.3f}", "given", *map(_number, fit.trace_quantiles))
        table.add_row("", "", "generated", *map(_number, fit.generated_quantiles))
    console = table_console()
    console.print(table)
    load = "none" if report.generated_load is None else f"{report.generated_load:.3g}"
    console.print(f"offered load: {report.trace_load:.3g} given, {load} generated; --load sets it")


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100.0 else f"{value:.3g}"
