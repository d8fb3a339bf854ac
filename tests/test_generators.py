"""The family of workload models: closed forms, fits, requests, memory, and the traces made with them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from hdeeprm.cli import main
from hdeeprm.errors import WorkloadError
from hdeeprm.shipped import shipped_file
from hdeeprm.workloads import load_workload, read_swf
from hdeeprm.workloads.generate import generate
from hdeeprm.workloads.generators import estimates, popular
from hdeeprm.workloads.generators.arrivals import ArrivalModel, arrival_times, clock_gaps
from hdeeprm.workloads.generators.cirne import CirneModel, fit_cirne
from hdeeprm.workloads.generators.drawing import WorkloadModel, draw_jobs
from hdeeprm.workloads.generators.gamma import fit_gamma
from hdeeprm.workloads.generators.goodness import compare_samples, ks_distance
from hdeeprm.workloads.generators.hyper_erlang import HyperErlang, fit_hyper_erlang
from hdeeprm.workloads.generators.jann import JannModel, fit_jann
from hdeeprm.workloads.generators.log_uniform import LogUniform, fit_log_uniform
from hdeeprm.workloads.generators.lublin import LublinModel, generate_lublin
from hdeeprm.workloads.generators.lublin_fit import fit_lublin
from hdeeprm.workloads.generators.registry import MODELS, model_family
from hdeeprm.workloads.generators.sample import TraceSample, read_sample, sample_of
from workload_files import record, shared, trace_of, workload_of

FAR = 1.95  # Kolmogorov-Smirnov: sqrt(n) x distance exceeds this once in a thousand
BANDWIDTH_LINE = "; Field19: memory bandwidth in MB/s per processor"

values = st.lists(st.floats(1.0, 1e6), min_size=3, max_size=40).map(np.array)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def sample(**changes: Any) -> TraceSample:
    """2,000 jobs of the Lublin model on 256 cores, with requests of twice the run time."""
    jobs = generate_lublin(2000, 256, rng(5))
    fields: dict[str, Any] = {
        "source": "made.swf",
        "submit_time": jobs.submit_time,
        "cores": jobs.cores,
        "run_time": jobs.run_time,
        "requested_time": 2.0 * jobs.run_time,
        "memory_kb": np.full(2000, np.nan),
        "num_cores": 256,
    }
    return TraceSample(**fields | changes)


def log_file(folder: Path, num_jobs: int = 60, name: str = "log.swf", **fields: float) -> Path:
    """A trace of jobs with four sizes and some requests; ``fields`` are the same in all records."""
    lines = [
        record(
            **{
                "job": job,
                "submit": 600 * job,
                "run": 50 + 13 * job,
                "processors": 2 ** (job % 4),
                "time": 3600 * (1 + job % 3),
                "memory": 1000 * (1 + job % 7),
            }
            | fields
        )
        for job in range(num_jobs)
    ]
    path = folder / name
    path.write_text("; MaxProcs: 32\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


# Distributions -----------------------------------------------------------------------------------------


@given(st.floats(0.3, 300), st.floats(0.01, 100), st.integers(0, 99))
@settings(max_examples=30)
def test_gamma_fit(shape: float, scale: float, seed: int) -> None:
    drawn = rng(seed).gamma(shape, scale, 20_000)
    assert fit_gamma(drawn) == pytest.approx((shape, scale), rel=0.12)
    assert math.prod(fit_gamma(drawn)) == pytest.approx(drawn.mean())


@given(st.lists(st.tuples(st.floats(0.1, 100), st.integers(1, 5)), min_size=2, max_size=20))
def test_weights_of_a_gamma_fit_count_repetitions(pairs: list[tuple[float, int]]) -> None:
    alone, counts = np.array(pairs).T
    repeated = np.repeat(alone, counts.astype(int))
    assume(np.ptp(alone) > 1e-3 * alone.mean())
    assert fit_gamma(alone, counts) == pytest.approx(fit_gamma(repeated), rel=1e-6)


def test_gamma_of_equal_values_is_narrow() -> None:
    shape, scale = fit_gamma(np.full(10, 3.0))
    assert shape * scale == pytest.approx(3.0)
    assert math.sqrt(shape) * scale < 0.01


@given(st.floats(-0.5, 0.5), st.floats(0.05, 0.3), st.integers(0, 99))
@settings(max_examples=30)
def test_log_uniform_draws_follow_the_line(intercept: float, slope: float, seed: int) -> None:
    line = LogUniform(intercept, slope, 2.0, 5000.0)
    drawn = line.draw(5000, rng(seed))
    assert (drawn.min(), drawn.max()) >= (2.0, 2.0)
    assert drawn.max() <= 5000.0
    points = np.geomspace(2.0, 5000.0, 50)[:-1]
    shares = np.searchsorted(np.sort(drawn), points, side="right") / len(drawn)
    assert np.abs(shares - line.cdf(points)).max() < FAR / math.sqrt(len(drawn)) + 1e-9


def test_log_uniform_fit() -> None:
    fitted = fit_log_uniform(np.geomspace(10.0, 1000.0, 4001))
    assert fitted.slope == pytest.approx(1 / math.log(100), rel=1e-3)
    assert fitted.cdf(np.array([5.0, 100.0, 1000.0])) == pytest.approx([0.0, 0.5, 1.0], abs=1e-3)
    alike = fit_log_uniform(np.full(5, 7.0))
    assert np.array_equal(alike.draw(4, rng()), np.full(4, 7.0))


@given(values)
def test_hyper_erlang_has_three_moments(drawn: np.ndarray[Any, np.dtype[np.float64]]) -> None:
    assume(np.ptp(drawn) > 0.5 * drawn.mean())
    fitted = fit_hyper_erlang(drawn)
    assert 0.0 <= fitted.p <= 1.0
    assert min(fitted.stage, fitted.other) > 0.0
    assert fitted.moment(1) == pytest.approx(drawn.mean(), rel=1e-6)
    if fitted.p < 1.0:
        assert fitted.moment(2) == pytest.approx((drawn**2).mean(), rel=1e-5)
        assert fitted.moment(3) == pytest.approx((drawn**3).mean(), rel=1e-4)


def test_hyper_erlang_special_cases() -> None:
    constant = fit_hyper_erlang(np.full(9, 50.0))
    assert constant.moment(1) == pytest.approx(50.0)
    assert constant.draw(1000, rng()).std() < 6.0
    two = HyperErlang(0.25, 3, 10.0, 100.0)
    assert two.moment(1) == pytest.approx(3 * (0.25 * 10 + 0.75 * 100))
    drawn = two.draw(200_000, rng())
    assert drawn.mean() == pytest.approx(two.moment(1), rel=0.02)
    found = fit_hyper_erlang(drawn)
    assert found.order == 3
    assert (found.p, found.stage, found.other) == pytest.approx((0.25, 10.0, 100.0), rel=0.05)


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=20))
def test_clock_gaps_undo_arrival_times(gaps: list[float]) -> None:
    times = arrival_times(np.array(gaps), ArrivalModel())
    assert clock_gaps(times, ArrivalModel()) == pytest.approx(np.array(gaps[1:]), abs=1e-4)


# Models ------------------------------------------------------------------------------------------------

ALL_MODELS = list(MODELS)


@pytest.mark.parametrize("name", ALL_MODELS)
@given(
    num_jobs=st.integers(2, 60),
    num_cores=st.integers(1, 3000),
    load=st.sampled_from([0.01, 0.5, 0.9, 2.0]),
    seed=st.integers(0, 99),
)
@settings(max_examples=20)
def test_every_model_meets_the_load(name: str, num_jobs: int, num_cores: int, load: float, seed: int) -> None:
    jobs = draw_jobs(model_family(name).default(), num_jobs, num_cores, rng(seed), load)
    span = float((jobs.cores * jobs.run_time).sum()) / (num_cores * load)
    assert np.ptp(jobs.submit_time) == pytest.approx(span, abs=2.0)
    assert (np.diff(jobs.submit_time) >= 0).all()
    assert 1 <= jobs.cores.min() <= jobs.cores.max() <= num_cores
    assert jobs.run_time.min() >= 1
    assert np.array_equal(jobs.run_time, np.floor(jobs.run_time))


@pytest.mark.parametrize("name", ALL_MODELS)
def test_limits_are_kept_where_they_bind(name: str) -> None:
    jobs = draw_jobs(model_family(name).default(), 500, 2048, rng(), max_job_cores=300, max_run_time=60.0)
    assert jobs.run_time.max() <= 60
    assert jobs.cores.max() <= 300
    assert jobs.requested_time is None or (jobs.requested_time >= jobs.run_time).all()


@pytest.mark.parametrize("name", ALL_MODELS)
def test_parameters_are_json_and_models_are_fitted(name: str) -> None:
    fitted = model_family(name).fit(sample())
    assert json.loads(json.dumps(fitted.parameters(), allow_nan=False))
    again = draw_jobs(fitted, 100, 256, rng(3))
    assert np.array_equal(again.run_time, draw_jobs(fitted, 100, 256, rng(3)).run_time)


def test_lublin_fit_finds_its_own_parameters() -> None:
    jobs = generate_lublin(20_000, 256, rng(1))
    truth = LublinModel()
    found = fit_lublin(sample(**{name: getattr(jobs, name) for name in ("submit_time", "cores", "run_time")}))
    assert found.serial_probability == pytest.approx(truth.serial_probability, abs=0.015)
    assert found.long_shape * found.long_scale == pytest.approx(312 * 0.03, rel=0.02)
    assert found.short_shape * found.short_scale == pytest.approx(4.2 * 0.94, rel=0.06)
    assert found.short_probability_intercept == pytest.approx(0.78, abs=0.05)
    assert -0.0054 < found.short_probability_slope < -0.003  # flatter: beyond 144 cores the share stays 0
    arrivals = truth.arrivals
    mean_log_gap = arrivals.gap_shape * arrivals.rush_to_all * arrivals.gap_scale
    assert found.arrivals.gap_shape * found.arrivals.gap_scale == pytest.approx(mean_log_gap, rel=0.03)
    weights = found.arrivals.day_weights(), arrivals.day_weights()
    assert np.corrcoef(*weights)[0, 1] > 0.98
    drawn = draw_jobs(found, 20_000, 256, rng(2))
    assert ks_distance(drawn.cores.astype(float), jobs.cores.astype(float)) < 0.06
    assert ks_distance(drawn.run_time, jobs.run_time) < 0.05


def test_a_log_of_hours_keeps_the_published_day() -> None:
    short = sample(submit_time=np.linspace(0.0, 3000.0, 2000))
    assert np.array_equal(fit_lublin(short).arrivals.day_weights(), ArrivalModel().day_weights())
    assert np.array_equal(fit_cirne(short).day_weights(), np.ones(48))


def test_one_size_only() -> None:
    serial = sample(cores=np.ones(2000, dtype=np.int64))
    for name in ALL_MODELS:
        jobs = draw_jobs(model_family(name).fit(serial), 50, 4, rng(), max_job_cores=1)
        assert jobs.cores.max() == 1


def test_jann_ranges_cover_the_sizes_once() -> None:
    made = sample()
    fitted = fit_jann(made)
    assert fitted.ranges[0].smallest == 1
    assert fitted.ranges[-1].largest == made.cores.max()
    for left, right in zip(fitted.ranges, fitted.ranges[1:], strict=False):
        assert right.smallest == left.largest + 1
    for range_ in fitted.ranges:
        mine = (made.cores >= range_.smallest) & (made.cores <= range_.largest)
        assert mine.sum() >= 30
        assert range_.run_time.moment(1) == pytest.approx(made.run_time[mine].mean(), rel=1e-6)
        assert range_.gap.moment(1) == pytest.approx(np.diff(made.submit_time[mine]).mean(), rel=1e-6)


def test_jann_draws_the_rates_it_was_fitted_to() -> None:
    made = sample()
    jobs = draw_jobs(fit_jann(made), 20_000, 256, rng(4))
    assert ks_distance(jobs.cores.astype(float), made.cores.astype(float)) < 0.08
    rate = len(made.cores) / np.ptp(made.submit_time)
    assert 20_000 / np.ptp(jobs.submit_time) == pytest.approx(rate, rel=0.1)


def test_cirne_day_and_accuracy() -> None:
    made = sample(requested_time=4.0 * sample().run_time)
    fitted = fit_cirne(made)
    assert fitted.accuracy_shape * fitted.accuracy_scale == pytest.approx(0.25, rel=1e-6)
    weights = fitted.day_weights()
    assert weights.mean() == pytest.approx(1.0)
    assert weights.min() > 0.0
    assert 20 <= int(weights.argmax()) <= 34  # the model it was drawn from has its rush at 14 h
    jobs = draw_jobs(fitted, 5000, 256, rng())
    assert jobs.requested_time is not None
    assert (jobs.requested_time >= jobs.run_time).all()
    assert (jobs.run_time / jobs.requested_time).mean() == pytest.approx(0.25, abs=0.02)
    gaps = np.diff(jobs.submit_time)
    assert gaps.mean() == pytest.approx(np.diff(made.submit_time).mean(), rel=0.1)


def test_shipped_parameters_come_from_the_log() -> None:
    log = read_sample(shared("traces", "HPC2N-alea-subset.swf"))
    for name, fit in (("jann", fit_jann), ("cirne", fit_cirne)):
        fitted, stored = flat(fit(log)), flat(model_family(name).default())
        assert fitted == pytest.approx(stored, rel=1e-6)


def flat(model: WorkloadModel) -> list[float]:
    """All numbers of a model's parameters."""
    numbers: list[float] = []

    def collect(item: Any) -> None:
        if isinstance(item, dict):
            collect(list(item.values()))
        elif isinstance(item, list):
            for part in item:
                collect(part)
        else:
            numbers.append(item)

    collect(json.loads(json.dumps(model.parameters())))
    return numbers


def test_parameters_make_the_model_again() -> None:
    for name, kind in (("jann", JannModel), ("cirne", CirneModel)):
        model = model_family(name).default()
        assert kind.from_parameters(json.loads(json.dumps(model.parameters()))) == model


# Requested times ---------------------------------------------------------------------------------------


@given(st.lists(st.floats(1, 60_000), min_size=1, max_size=300), st.integers(0, 99))
@settings(max_examples=60)
def test_no_job_outlives_its_estimate(run_times: list[float], seed: int) -> None:
    run_time = np.array(run_times)
    asked = estimates.draw_estimates(run_time, rng(seed), 64_800.0)
    assert (asked >= run_time).all()
    assert asked.max() <= 64_800.0
    assert np.array_equal(asked, estimates.draw_estimates(run_time, rng(seed), 64_800.0))


def test_shares_of_the_estimates() -> None:
    asked = estimates.draw_estimates(np.ones(40_000), rng(1), 64_800.0)
    times, counts = np.unique(asked, return_counts=True)
    order = np.argsort(-counts)
    assert times[order[0]] == 64_800.0  # the limit is the most popular
    head = counts[order[:20]] / 40_000
    assert head.sum() == pytest.approx(0.89, abs=0.01)
    published = [0.140491 * math.exp(-0.177531 * rank) + 0.00462513 for rank in range(2, 21)]
    assert head[1:] == pytest.approx(published, abs=0.006)
    assert 150 < len(times) <= 215  # 90 + 30,000 jobs x 250 / 60,000 values


def test_popular_values() -> None:
    times = popular.head_times(18 * 3600.0)
    assert (len(times), times[0]) == (20, 64_800.0)
    assert set(popular.COMMON_TIMES) <= set(times)
    assert (np.diff(times[1:]) > 0).all()
    assert popular.head_times(3600.0).tolist() == [3600.0, *(300.0 * k for k in range(1, 12))]
    assert (np.sort(popular.RANKS_IN_LOGS, axis=1) == np.arange(1, 21)).all()


@given(st.integers(1, 20), st.integers(0, 999))
def test_popularity_is_a_permutation(num_values: int, seed: int) -> None:
    ranks = popular.popularity_ranks(num_values, rng(seed))
    assert sorted(ranks.tolist()) == list(range(1, num_values + 1))
    assert ranks[0] == 1


def test_long_jobs_ask_for_the_limit() -> None:
    run_time = np.full(100, 36_000.0)
    asked = estimates.draw_estimates(run_time, rng(), 36_000.0)
    assert (asked == 36_000.0).all()


def test_estimates_of_a_trace_are_imitated() -> None:
    asked = np.repeat([3600.0, 7200.0, 7000.0], [600, 300, 100])
    found = estimates.popular_requests(asked)
    assert found.times.tolist() == [3600.0, 7200.0, 7000.0]
    assert found.shares == pytest.approx([0.6, 0.3, 0.1])
    drawn = estimates.draw_estimates(np.ones(20_000), rng(), popular=found)
    times, counts = np.unique(drawn, return_counts=True)
    assert times.tolist() == [3600.0, 7000.0, 7200.0]
    assert counts / 20_000 == pytest.approx([0.6, 0.1, 0.3], abs=0.02)


@pytest.mark.parametrize("limit", [3599.0, 5000.0, math.inf, math.nan])
def test_limits_that_are_refused(limit: float) -> None:
    with pytest.raises(WorkloadError, match="max_requested_time"):
        estimates.draw_estimates(np.array([5001.0]), rng(), limit)


# Goodness of fit ---------------------------------------------------------------------------------------


@given(values, values)
def test_ks_distance(left: Any, right: Any) -> None:
    assert ks_distance(left, right) == pytest.approx(stats.ks_2samp(left, right, method="asymp").statistic)
    assert ks_distance(left, left) == 0.0


def test_report_on_a_trace_and_itself() -> None:
    made = sample()
    report = compare_samples(made, made)
    assert [fit.distance for fit in report.fields] == [0.0] * 6
    assert report.trace_load == report.generated_load
    median = next(fit for fit in report.fields if fit.field == "run / requested").trace_quantiles[2]
    assert median == 0.5


@pytest.mark.parametrize(
    ("header", "hour"),
    [
        ("; StartTime: Fri Oct 01 09:30:00 PDT 1993", 9.5),
        ("; UnixStartTime: 7200", 2.0),
        ("; UnixStartTime: soon", 0.0),
        ("; Note: no time", 0.0),
    ],
)
def test_time_of_day(header: str, hour: float) -> None:
    made = sample_of(trace_of(header, record(submit=90_000), record(job=2, submit=86_400)))
    assert made.submit_time[0] / 3600.0 == hour
    assert np.ptp(made.submit_time) == 3600.0


# Generated files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL_MODELS)
def test_round_trip(name: str, tmp_path: Path) -> None:
    options: dict[str, Any] = {"num_jobs": 80, "num_cores": 64, "seed": 4, "bandwidth_gbps": (2.0, 8.0)}
    path = generate(tmp_path / "a.swf", name, requests="tsafrir", memory_mb=(100, 900), **options)
    again = generate(tmp_path / "b.swf", name, requests="tsafrir", memory_mb=(100, 900), **options)
    assert path.read_text("utf-8").replace("a.swf", "b.swf") == again.read_text("utf-8")
    jobs = load_workload(path)
    assert (jobs.num_jobs, jobs.skipped, jobs.notes) == (80, {}, ())
    assert (jobs.requested_time >= jobs.run_time).all()
    assert jobs.bandwidth_mb_per_s.min() >= 2000
    assert jobs.bandwidth_mb_per_s.max() <= 8000
    words = read_swf(path).header["Command"].split()[1:]
    remade = tmp_path / "remade" / words[-1]
    assert main([*words[:-1], str(remade)]) == 0
    assert remade.read_bytes() == path.read_bytes()


def test_an_option_leaves_other_draws_alone(tmp_path: Path) -> None:
    plain = read_swf(generate(tmp_path / "a.swf", num_jobs=50)).fields
    full = generate(
        tmp_path / "b.swf", num_jobs=50, requests="tsafrir", memory_mb=(1, 2), bandwidth_gbps=(1, 2)
    )
    differs = (read_swf(full).fields != plain).any(axis=0)
    assert np.flatnonzero(differs).tolist() == [6, 8]  # memory, requested time


@pytest.mark.parametrize("name", ALL_MODELS)
def test_like(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, out = log_file(tmp_path), tmp_path / "out.swf"
    arguments = ["generate", "--model", name, "--like", str(log), "--out", str(out)]
    assert main([*arguments, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["num_jobs"] == 60
    assert said["fit"]["generated_jobs"] == 60
    fields = {fit["field"]: fit for fit in said["fit"]["fields"]}
    assert list(fields) == [
        "gap",
        "time of day",
        "cores",
        "run time",
        "requested time",
        "run / requested",
        "memory",
    ]
    assert fields["memory"]["distance"] < 0.25
    assert all(0.0 <= fit["distance"] <= 1.0 for fit in fields.values())
    assert said["parameters"] == json.loads(read_swf(out).header["Parameters"])
    assert read_swf(out).header["MaxProcs"] == "32"
    made = out.read_bytes()
    assert main([*arguments, "--force"]) == 0
    assert out.read_bytes() == made
    table = capsys.readouterr().out
    assert "KS distance" in table
    assert "offered load" in table


@pytest.mark.parametrize("name", ["gaia_like", "gaia_like.swf"])
def test_like_takes_shipped_traces(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = ["generate", "--like", name, "--num-jobs", "40", "--out"]
    assert main([*arguments, "out.swf", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["fit"]["generated_jobs"] == 40
    shipped = shipped_file("workloads", name)
    assert shipped is not None
    assert main([*arguments, str(shipped), "--force"]) == 1  # it is not replaced
    assert "is the trace to fit to" in capsys.readouterr().err


def test_like_offers_the_name_of_a_shipped_trace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", "--like", "gaia_lik", "--out", str(tmp_path / "out.swf")]) == 1
    assert "Did you mean 'gaia_like'?" in capsys.readouterr().err.replace("\n", " ")


def test_like_with_few_jobs_generated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, out = log_file(tmp_path), tmp_path / "out.swf"
    assert main(["generate", "--like", str(log), "--num-jobs", "1", "--out", str(out), "--json"]) == 0
    fit = json.loads(capsys.readouterr().out)["fit"]
    assert fit["generated_load"] is None
    assert "gap" not in [field["field"] for field in fit["fields"]]


def test_like_fits_real_logs(tmp_path: Path) -> None:
    log = shared("traces", "NASA-iPSC-1993-3.1-cln.swf.gz")
    made = sample_of(read_swf(generate(tmp_path / "x.swf", like=log, num_jobs=5000)))
    distance = {fit.field: fit.distance for fit in compare_samples(read_sample(log), made).fields}
    assert distance["run time"] < 0.08
    assert distance["cores"] < 0.06
    assert distance["gap"] < 0.15


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model": "jan"}, "Did you mean 'jann'?"),
        ({"requests": "tsafir"}, "Did you mean 'tsafrir'?"),
        ({"requests": "model"}, "this model draws none"),
        ({"max_requested_time": 7200.0}, "it goes with 'tsafrir'"),
        ({"requests": "tsafrir", "max_requested_time": 60.0}, "max_requested_time: 60 s"),
        ({"requests": "tsafrir", "max_requested_time": 1e300}, "max_requested_time: 1e+300; give at most"),
        ({"max_run_time": math.inf}, "max_run_time: inf; give at most 1e+09"),
        ({"load": 1e-9}, "load: 1e-09; give at least 0.001"),
        ({"bandwidth_gbps": (0, 4)}, "bandwidth_gbps: (0, 4)"),
        ({"bandwidth_gbps": (4, 2)}, "bandwidth_gbps: (4, 2)"),
        ({"memory_mb": (math.nan, 2)}, "memory_mb: "),
        ({"model": "jann", "max_run_time": 1.0}, "max_run_time: 1.0 s"),
        ({"model": "cirne", "num_jobs": 0}, "num_jobs: 0"),
        ({"like": "nowhere.swf"}, "nowhere.swf"),
    ],
)
def test_wrong_requests(tmp_path: Path, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(WorkloadError) as caught:
        generate(tmp_path / "x.swf", **arguments)
    assert message in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_traces_that_cannot_be_fitted(tmp_path: Path) -> None:
    empty = tmp_path / "empty.swf"
    empty.write_text("; nothing\n", encoding="utf-8")
    for log, model, message in (
        (empty, "lublin", "no job in the trace"),
        (log_file(tmp_path, 1, "one.swf"), "lublin", "1 of 1 records can be used"),
        (log_file(tmp_path, 60, "skipped.swf", run=-1), "jann", "0 of 60 records can be used"),
        (log_file(tmp_path, 60, "once.swf", submit=7), "jann", "all jobs came at once"),
        (log_file(tmp_path, 60, "unasked.swf", time=-1), "cirne", "take model 'lublin' or 'jann'"),
    ):
        with pytest.raises(WorkloadError) as caught:
            generate(tmp_path / "out.swf", model, like=log)
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "out.swf").exists()


@pytest.mark.parametrize("name", ALL_MODELS)
@pytest.mark.parametrize("fields", [{"run": 0}, {"processors": 3}, {"time": 1}, {"run": 1e9, "time": 1e9}])
def test_odd_traces_are_fitted_all_the_same(name: str, fields: dict[str, float], tmp_path: Path) -> None:
    out = generate(tmp_path / "out.swf", name, num_jobs=40, like=log_file(tmp_path, 60, **fields))
    jobs = load_workload(out)
    assert jobs.num_jobs == 40
    assert (jobs.requested_time >= jobs.run_time).all()


@pytest.mark.parametrize("name", ALL_MODELS)
def test_a_job_in_twelve_days_is_fitted_all_the_same(name: str, tmp_path: Path) -> None:
    lines = [record(job=job, submit=1_000_000 * job) for job in range(60)]
    (tmp_path / "log.swf").write_text("\n".join(lines), encoding="utf-8")
    gaps = np.diff(
        sample_of(read_swf(generate(tmp_path / "out.swf", name, like=tmp_path / "log.swf"))).submit_time
    )
    assert np.mean(gaps) == pytest.approx(1e6, rel=0.5)


def test_the_log_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = log_file(tmp_path)
    before = log.read_bytes()
    assert main(["generate", "--like", str(log), "--out", str(log), "--force"]) == 1
    assert "is the trace to fit to" in capsys.readouterr().err
    assert log.read_bytes() == before


# Memory bandwidth in a trace ---------------------------------------------------------------------------


def test_bandwidth_of_a_trace() -> None:
    lines = (BANDWIDTH_LINE, record() + " 1500", record(job=2) + " 0", record(job=3) + " -1")
    known = workload_of(*lines, seed=3)
    assert known.bandwidth_mb_per_s[:2].tolist() == [1500, 0]
    drawn = workload_of(record(), record(job=2), record(job=3), seed=3)
    assert known.bandwidth_mb_per_s[2] == drawn.bandwidth_mb_per_s[2] > 0
    assert workload_of(*lines, mem_bw="none").bandwidth_mb_per_s.tolist() == [0, 0, 0]


def test_a_nineteenth_field_without_a_header_is_ignored() -> None:
    assert trace_of(record() + " 1500").bandwidth_mb_per_s is None


def test_bad_bandwidth() -> None:
    with pytest.raises(WorkloadError, match=r"made.swf:2: field 19 \(memory bandwidth\) is 'fast'"):
        trace_of(BANDWIDTH_LINE, record() + " fast")
    with pytest.raises(WorkloadError, match="18 fields, an SWF record has 19"):
        trace_of(BANDWIDTH_LINE, record())
    with pytest.raises(WorkloadError, match="2\\^53"):
        workload_of(BANDWIDTH_LINE, record() + " 1e17")
