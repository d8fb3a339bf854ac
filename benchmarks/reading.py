"""Reading an SWF trace of some 52,000 records.

*Records*: text to numbers, with every line checked. *Workload*: jobs with all that the trace lacks, in order.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from hdeeprm.workloads import load_workload, read_swf
from hdeeprm.workloads.loading import find_workload

from .measuring import Row, Settings, cpu_seconds

MOST_SECONDS = 1.0


def measure(settings: Settings) -> Iterator[Row]:
    """CPU time of reading the records alone, and of making a workload of them."""
    path = find_workload(settings.trace)
    num_records = read_swf(path).num_records
    for name, read in (("records", lambda: read_swf(path)), ("workload", lambda: load_workload(path))):
        seconds = median(cpu_seconds(read) for _ in range(settings.repetitions))
        yield Row(
            f"{name}, {settings.trace_name}",
            seconds,
            "CPU s",
            at_most=MOST_SECONDS,
            comparison=f"{num_records / seconds:,.0f} records/s",
        )
