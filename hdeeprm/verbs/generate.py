"""``hdeeprm generate``: a trace drawn from a model."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

HELP = """\
Write an SWF trace drawn from the Lublin-Feitelson model.

Job sizes, run times, and arrivals with a day cycle. For example:

    hdeeprm generate --num-jobs 1000 --num-cores 2280 --load 0.9 \\
        --memory-mb 50 4000 --out trace.swf
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What ``hdeeprm generate`` is called with."""
    add = parser.add_argument
    add("--model", metavar="NAME", default="lublin", help="lublin (default)")
    add("--num-jobs", metavar="N", type=int, default=1000, help="number of jobs (default: 1000)")
    add("--num-cores", metavar="N", type=int, default=256, help="cores of the machine (default: 256)")
    add("--seed", type=int, default=0, metavar="SEED", help="seed of all draws (default: 0)")
    add(
        "--load", type=float, help="offered load to scale arrivals to, such as 0.9 (default: the model's own)"
    )
    add("--memory-mb", type=float, nargs=2, metavar=("LOW", "HIGH"), help="memory per core, drawn between")
    add("--max-job-cores", metavar="N", type=int, help="cores of the largest job (default: all)")
    add("--max-run-time", metavar="S", type=float, help="longest run time in s")
    add("--out", type=Path, required=True, metavar="FILE", help="SWF file to write")
    add("--force", action="store_true", help="replace the file if it exists")
    parser.set_defaults(verb=run)


def run(chosen: argparse.Namespace) -> int:
    """Write the trace, and print where."""
    from hdeeprm.results.atomic import check_unused
    from hdeeprm.workloads.generate import generate

    names = ("model", "num_jobs", "num_cores", "seed", "load", "max_job_cores", "max_run_time")
    given: dict[str, Any] = {
        name: getattr(chosen, name) for name in names if getattr(chosen, name) is not None
    }
    if chosen.memory_mb:
        given["memory_mb"] = tuple(chosen.memory_mb)
    check_unused(chosen.out, chosen.force, "--out")
    path = generate(chosen.out, **given)
    print(f"{path}: {chosen.num_jobs} jobs")
    return 0
