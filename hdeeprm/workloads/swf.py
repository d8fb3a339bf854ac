"""Traces in the Standard Workload Format, version 2.2: one job a line, 18 numbers.

Format: S. Chapin et al., "Benchmarks and standards for the evaluation of parallel job schedulers",
JSSPP 1999, and the definition kept by the Parallel Workloads Archive. Where a log departs from it
(further columns, fractions, Windows line ends, gzip), it is read all the same.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from hdeeprm.errors import WorkloadError
from hdeeprm.workloads.files import is_json, read_file
from hdeeprm.workloads.workload import FloatArray, IntArray

SWF_FIELDS = (
    "job number",
    "submit time",
    "wait time",
    "run time",
    "allocated processors",
    "average CPU time",
    "used memory",
    "requested processors",
    "requested time",
    "requested memory",
    "status",
    "user",
    "group",
    "executable",
    "queue",
    "partition",
    "preceding job",
    "think time",
)
NUM_FIELDS = len(SWF_FIELDS)
BANDWIDTH_HEADER = "Field19"
BANDWIDTH_FIELD = "memory bandwidth in MB/s per processor"
"""Header line of traces that have a 19th field, which the standard does not know; -1 = missing."""

COMMENT = b";"
SHOWN_CHARACTERS = 40

_HEADER_LINE = re.compile(r";+\s*([A-Za-z][\w .-]*?)\s*:\s*(.*?)\s*$")


@dataclass(frozen=True, eq=False)
class SwfTrace:
    """The records of one trace, as they stand in the file."""

    source: str  # file name for messages
    header: Mapping[str, str]  # comment lines "Key: value"; lines of one key joined by line ends
    fields: FloatArray  # (num_records, 18); -1 where the trace does not know
    line_numbers: IntArray  # (num_records,), from 1
    bandwidth_mb_per_s: FloatArray | None = (
        None  # (num_records,), per core; None where there is no such field
    )

    def __post_init__(self) -> None:
        """Makes the arrays immutable."""
        self.fields.flags.writeable = False
        self.line_numbers.flags.writeable = False
        if self.bandwidth_mb_per_s is not None:
            self.bandwidth_mb_per_s.flags.writeable = False

    @property
    def num_records(self) -> int:
        """Number of records."""
        return len(self.fields)

    def field(self, number: int) -> FloatArray:
        """One field of all records by its number in the standard, from 1; shape (num_records,)."""
        return self.fields[:, number - 1]


def read_swf(path: str | Path) -> SwfTrace:
    """Reads an SWF trace, plain or gzip.

    Args:
        path: The trace.

    Returns:
        Header and records in the order of the file.

    Raises:
        WorkloadError: If the file cannot be read, holds no record, or holds a record that has fewer
            than 18 fields or something else than finite numbers in them (file and line are named).
    """
    return parse_swf(read_file(path), str(path))


def parse_swf(data: bytes, source: str) -> SwfTrace:
    """Parses the content of an SWF trace.

    Args:
        data: The uncompressed file. Comments may be in any encoding.
        source: Name of the file for messages.

    Returns:
        Header and records in the order of the file.

    Raises:
        WorkloadError: As in :func:`read_swf`.
    """
    if is_json(data):
        raise WorkloadError(f"{source}: this is JSON; an SWF trace, of 18 numbers a line, is wanted here")
    comments: list[bytes] = []
    records: list[str] = []
    line_numbers: list[int] = []
    for line_number, line in enumerate(data.splitlines(), start=1):
        content = line.strip()
        if content.startswith(COMMENT):
            comments.append(content)
        elif content:
            records.append(content.decode("latin-1"))
            line_numbers.append(line_number)
    if not records:
        raise WorkloadError(
            f"{source}: no job in the trace ({len(comments)} comment lines, 0 records); "
            "an SWF trace has one line of 18 numbers for each job"
        )
    header = parse_header(comments)
    names: tuple[str, ...] = SWF_FIELDS
    if header.get(BANDWIDTH_HEADER) == BANDWIDTH_FIELD:
        names = (*SWF_FIELDS, "memory bandwidth")
    fields = _parse_records(records, line_numbers, source, names)
    bandwidth = fields[:, NUM_FIELDS].copy() if len(names) > NUM_FIELDS else None
    numbers = np.array(line_numbers, dtype=np.int64)
    return SwfTrace(source, header, np.ascontiguousarray(fields[:, :NUM_FIELDS]), numbers, bandwidth)


def parse_header(comments: Iterable[bytes]) -> Mapping[str, str]:
    """The ``Key: value`` lines among the comments of a trace.

    Args:
        comments: Comment lines, each beginning with ``;``.

    Returns:
        Key to value; a key that comes several times has its values joined by line ends.
    """
    header: dict[str, str] = {}
    for comment in comments:
        match = _HEADER_LINE.match(comment.decode("utf-8", errors="replace"))
        if match:
            key, value = match.groups()
            header[key] = f"{header[key]}\n{value}" if key in header else value
    return MappingProxyType(header)


def _parse_records(
    records: Sequence[str], line_numbers: Sequence[int], source: str, names: Sequence[str]
) -> FloatArray:
    """All records in one go; only where that fails, line by line to say where and why."""
    try:
        fields = np.loadtxt(records, comments=None, usecols=range(len(names)), ndmin=2)
    except ValueError:
        fields = None
    if fields is None or not np.isfinite(fields).all():
        for record, line_number in zip(records, line_numbers, strict=True):
            _check_record(record, f"{source}:{line_number}", names)
        raise WorkloadError(f"{source}: the records cannot be read as numbers; write one job a line")
    return fields


def _check_record(record: str, where: str, names: Sequence[str]) -> None:
    words = record.split()
    for name, word in zip(names, words, strict=False):
        if not _is_finite_number(word):
            number = names.index(name) + 1
            shown = word if len(word) <= SHOWN_CHARACTERS else f"{word[:SHOWN_CHARACTERS]}..."
            raise WorkloadError(
                f"{where}: field {number} ({name}) is {shown!r}; it must be a finite number, -1 where unknown"
            )
    if len(words) < len(names):
        raise WorkloadError(
            f"{where}: the record has {len(words)} fields, an SWF record has {len(names)}; "
            "complete the line (-1 where unknown) or remove it"
        )


def _is_finite_number(word: str) -> bool:
    try:
        return "_" not in word and math.isfinite(float(word))
    except ValueError:
        return False
