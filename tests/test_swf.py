"""Reading and writing of SWF traces: what is tolerated, what is refused and where the message points."""

from __future__ import annotations

import gzip
import os
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hdeeprm.errors import WorkloadError
from hdeeprm.workloads import read_swf, write_swf
from hdeeprm.workloads.swf import NUM_FIELDS, parse_swf
from workload_files import record, shared

GOOD = record()


def refusal(content: str | bytes) -> str:
    data = content.encode() if isinstance(content, str) else content
    with pytest.raises(WorkloadError) as caught:
        parse_swf(data, "log.swf")
    return str(caught.value)


def test_fields_and_lines() -> None:
    trace = parse_swf(
        f"; Version: 2.2\n\n{record(job=7, submit=3.5)}\n  \n{record(job=8)}\n".encode(), "log.swf"
    )
    assert trace.num_records == 2
    assert trace.fields.shape == (2, NUM_FIELDS)
    assert trace.field(1).tolist() == [7, 8]
    assert trace.field(2).tolist() == [3.5, 0]
    assert trace.line_numbers.tolist() == [3, 5]
    assert not trace.fields.flags.writeable


def test_header() -> None:
    comments = "; Version: 2.2\n;   MaxProcs:  128 \n; Queue: 0 a: b\n;Queue: 1\n; no key here\n;\n; 1| 2|\n"
    header = parse_swf((comments + GOOD).encode(), "log.swf").header
    assert dict(header) == {"Version": "2.2", "MaxProcs": "128", "Queue": "0 a: b\n1"}


@pytest.mark.parametrize(
    "content",
    [
        GOOD.replace(" ", "   \t").encode() + b"\r\n",
        b"  " + GOOD.encode() + b"  ",
        b"\xef\xbb\xbf; x\n" + GOOD.encode(),
        b"; Acknowledge: M\xfcller\n" + GOOD.encode() + b"\n; trailing comment",
        GOOD.encode() + b" {1,2,3} q_1d 1:ppn=64",
        b"\n\n" + GOOD.encode() + b"\r" + b"\n\n",
    ],
    ids=[
        "tabs and CRLF",
        "spaces around",
        "byte order mark",
        "latin-1 comment",
        "extra columns",
        "blank lines",
    ],
)
def test_departures_are_tolerated(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "log.swf"
    path.write_bytes(content)
    assert read_swf(path).fields.tolist() == parse_swf(GOOD.encode(), "").fields.tolist()


def test_gzip_goes_by_content_not_by_name(tmp_path: Path) -> None:
    zipped, plain = tmp_path / "log.swf", tmp_path / "log.swf.gz"
    zipped.write_bytes(gzip.compress(GOOD.encode()))
    plain.write_bytes(GOOD.encode())
    assert np.array_equal(read_swf(zipped).fields, read_swf(plain).fields)


def test_broken_line_in_the_middle() -> None:
    message = refusal(f"; a comment\n{GOOD}\n1 2 3\n{GOOD}")
    assert message.startswith("log.swf:3: the record has 3 fields, an SWF record has 18")


def test_text_in_a_number_field() -> None:
    message = refusal(f"{GOOD}\n{GOOD.replace('10', 'ten')}")
    assert "log.swf:2: field 4 (run time) is 'ten'" in message


@pytest.mark.parametrize("word", ["nan", "inf", "-inf", "1e999", "1_0", "0x10", "--1", "x" * 200])
def test_what_is_no_finite_number_is_refused(word: str) -> None:
    message = refusal(f"{GOOD}\n{record(job=word)}")  # type: ignore[arg-type]
    assert "log.swf:2: field 1 (job number)" in message
    assert len(message) < 200


@pytest.mark.parametrize("content", ["; Version: 2.2\n; nothing else\n", ";\n"])
def test_comments_only(content: str) -> None:
    assert "no job in the trace" in refusal(content)


def test_json_is_not_swf() -> None:
    assert "log.swf: this is JSON; an SWF trace" in refusal('{"jobs": []}')


def file_refusal(path: Path) -> str:
    with pytest.raises(WorkloadError) as caught:
        read_swf(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_missing_file_offers_the_nearest_name(tmp_path: Path) -> None:
    (tmp_path / "gaia.swf").write_text(GOOD, encoding="utf-8")
    assert "Did you mean 'gaia.swf'?" in file_refusal(tmp_path / "gaja.swf")
    assert "no such" in file_refusal(tmp_path / "nowhere" / "x.swf")


def test_directory_and_empty_file(tmp_path: Path) -> None:
    assert "is a directory" in file_refusal(tmp_path)
    empty = tmp_path / "empty.swf"
    for content in (b"", b" \n\n", gzip.compress(b"")):
        empty.write_bytes(content)
        assert "is empty" in file_refusal(empty)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file(tmp_path: Path) -> None:
    path = tmp_path / "log.swf"
    path.write_text(GOOD, encoding="utf-8")
    path.chmod(0)
    assert "check its permissions" in file_refusal(path)


@pytest.mark.parametrize("cut", [3, 15, -4])
def test_truncated_gzip(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "log.swf.gz"
    path.write_bytes(gzip.compress(GOOD.encode())[:cut])
    assert "gzip data are damaged or cut off" in file_refusal(path)


finite = st.floats(allow_nan=False, allow_infinity=False)
numbers = st.one_of(st.integers(-1, 10**9).map(float), finite)


@given(hnp.arrays(np.float64, st.tuples(st.integers(1, 4), st.just(NUM_FIELDS)), elements=numbers))
def test_round_trip_is_exact(tmp_path_factory: pytest.TempPathFactory, fields: np.ndarray) -> None:
    path = tmp_path_factory.mktemp("swf") / "made.swf"
    header = {"Version": "2.2", "Note": "first line\nsecond line"}
    again = read_swf(write_swf(path, fields, header))
    assert np.array_equal(again.fields, fields)
    assert dict(again.header) == header


def test_writer_leaves_nothing_half_written(tmp_path: Path) -> None:
    target = tmp_path / "taken"
    target.mkdir()
    fields = np.ones((1, NUM_FIELDS))
    with pytest.raises(WorkloadError, match="cannot be written"):
        write_swf(target, fields)
    assert list(tmp_path.iterdir()) == [target]
    assert list(target.iterdir()) == []


@pytest.mark.parametrize("shape", [(0, NUM_FIELDS), (2, 5), (NUM_FIELDS,)])
def test_writer_refuses_other_shapes(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(WorkloadError, match="SWF needs"):
        write_swf(tmp_path / "x.swf", np.zeros(shape))


def test_writer_refuses_what_is_not_finite(tmp_path: Path) -> None:
    with pytest.raises(WorkloadError, match="not finite"):
        write_swf(tmp_path / "x.swf", np.full((1, NUM_FIELDS), np.nan))
    assert not list(tmp_path.iterdir())


def test_archive_log_is_read_in_about_a_second() -> None:
    path = shared("traces", "UniLu-Gaia-2014-1.swf")
    start = time.process_time()
    trace = read_swf(path)
    assert time.process_time() - start < 2
    assert trace.num_records == 51_987
    assert trace.header["Version"] == "2.2"
    assert trace.header["MaxProcs"] == "2004"
    assert int(np.count_nonzero(trace.field(7) > 0)) == 50_523
    assert int(np.count_nonzero(trace.field(4) < 0)) == 127


@pytest.mark.parametrize(
    ("name", "num_records"),
    [
        ("MetaCentrum-wagap-2013.swf.gz", 17_900),
        ("HPC2N-alea-subset.swf", 3_170),
        ("lublin_256.swf", 10_000),
        ("NASA-iPSC-1993-3.1-cln.swf.gz", 18_239),
    ],
)
def test_other_logs(name: str, num_records: int) -> None:
    assert read_swf(shared("traces", name)).num_records == num_records
