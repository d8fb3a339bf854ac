"""The comparison itself: contenders and windows to episodes, episodes to standings."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hdeeprm.errors import HDeepRMError, OptionsError
from hdeeprm.options import Options, load_options
from hdeeprm.scenario import load_scenario

from .contenders import OWN_AGENT, Contender, blamed, read_contenders
from .episodes import Episode, Plan, Player, is_random, is_untrained
from .measures import OBJECTIVE_METRICS, metric_of
from .outcome import Outcome, Watch
from .setting import Setting, setting_of, window_notes
from .standings import Comparison, checked_baseline
from .workers import play_all

WINDOWS = 50
"""As many as the published tables are made of."""
PAIR_JOBS_AT_ONCE = 25_000
"""What a worker simulates under a fixed pair before it tells of it."""
PAIR_JOBS_PER_WORKER = 1_000_000
"""What one process simulates under a fixed pair in about the time that another takes to start."""


def compare(
    options: Options | Mapping[str, Any] | str | Path,
    contenders: Sequence[str],
    windows: int = WINDOWS,
    seeds: int = 1,
    *,
    metric: str | None = None,
    part: str | None = None,
    baseline: str | None = None,
    workload: str | Path | None = None,
    workers: int | None = 1,
    keep_going: bool = False,
    watch: Watch = lambda done, total: None,
) -> Comparison:
    """Let agents and policies manage the same windows of a workload, and compare what comes of it.

    Args:
        options: Platform, workload, window, actions and observation; loaded, their content, or their path.
        contenders: Who is compared; see :func:`hdeeprm.comparison.contenders.read_contenders`.
        windows: Number of windows of ``workload.window``, evenly spaced over the part; without that option
            all jobs are the one window.
        seeds: Number of episodes in each window of those who draw at random.
        metric: What the standings are by, a metric or an objective; by default the options' objective.
        part: "train", "validation", "test" or "all" of the jobs; by default "test" where there is a split.
        baseline: Contender that gains are over, by default the best of the fixed pairs.
        workload: A workload file that takes the place of ``workload_file_path``.
        workers: Number of processes, which changes nothing but the time; None chooses. With more than one, a
            script must call this under ``if __name__ == "__main__":``.
        keep_going: Leave out a contender that fails, and tell of it in ``failures``.
        watch: Called with the numbers of episodes done and of all.

    Raises:
        HDeepRMError: If the options, a file or a contender cannot be used, or a contender fails.
    """
    chosen = options if isinstance(options, Options) else _loaded(options, contenders)
    _check_counts(windows=windows, seeds=seeds, workers=workers)
    judged_by = metric_of(metric or OBJECTIVE_METRICS[chosen.env.objective])
    scenario = load_scenario(chosen, workload)
    setting = setting_of(chosen, scenario, windows, seeds, part)
    found = read_contenders(contenders, chosen)
    if baseline is not None:
        checked_baseline(baseline, [contender.label for contender in found])
    plan = Plan(
        found, setting.starts, chosen.seed, chosen.folder, None if workload is None else str(workload)
    )
    player = Player(plan)
    num_seeds, notes = _prepared(player, found, seeds)
    chunks = _chunks(plan, setting, num_seeds)
    outcome = Outcome(plan, num_seeds, keep_going, watch)
    play_all(plan, player, chunks, _num_workers(workers, plan, setting, len(chunks)), outcome.take)
    pairs = frozenset(contender.label for contender in found if contender.pair is not None)
    notes = [
        *scenario.notices(),
        *window_notes(setting, chosen, windows),
        *notes,
        *outcome.reservation_notes(),
    ]
    return Comparison(setting, outcome.values, pairs, outcome.failures(), tuple(notes)).by(
        judged_by, baseline
    )


def _loaded(source: Mapping[str, Any] | str | Path, contenders: Sequence[str]) -> Options:
    """The options; that theirs is a learning agent of a file, which they leave to -a, does no harm here."""
    try:
        return load_options(source)
    except OptionsError:
        if any(text.rpartition("=")[2] == OWN_AGENT for text in contenders):
            raise
        return load_options(source, {"agent.file": "agent.py"})


def _check_counts(**counts: int | None) -> None:
    for name, count in counts.items():
        if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
            raise OptionsError(f"{name}: {count!r} is not a number of {name}; give 1 or more")


def _prepared(player: Player, contenders: Sequence[Contender], seeds: int) -> tuple[list[int], list[str]]:
    """Number of seeds of each contender, and notes; all are built once, to find what is wrong with them."""
    num_seeds, notes = [], []
    for contender in contenders:
        try:
            env, agent = player.env(contender), player.agent(contender)
        except HDeepRMError as error:
            raise blamed(contender.label, error) from error
        num_seeds.append(seeds if is_random(contender, agent, env) else 1)
        if is_untrained(contender, agent):
            notes.append(f"{contender.label}: no checkpoint is given with it, so that nothing was learnt")
    if min(num_seeds) < seeds:
        notes.append(f"{num_seeds.count(1)} of {len(num_seeds)} contenders draw nothing and have one seed")
    return num_seeds, notes


def _chunks(plan: Plan, setting: Setting, num_seeds: Sequence[int]) -> list[list[Episode]]:
    """Episodes that one worker plays in a row: one of those that take long, which come first, else many."""
    chunks: list[list[Episode]] = []
    quick = [contender.pair is not None for contender in plan.contenders]
    for contender in sorted(range(len(quick)), key=quick.__getitem__):
        size = max(1, PAIR_JOBS_AT_ONCE // setting.num_jobs) if quick[contender] else 1
        numbers = range(num_seeds[contender])
        episodes = [Episode(contender, window, k) for window in range(len(plan.starts)) for k in numbers]
        chunks += [episodes[begin : begin + size] for begin in range(0, len(episodes), size)]
    return chunks


def _num_workers(asked: int | None, plan: Plan, setting: Setting, num_chunks: int) -> int:
    """Number of processes; where pairs alone are compared no more than pay."""
    if asked is not None:
        return min(asked, num_chunks)
    most = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if all(contender.pair is not None for contender in plan.contenders):
        jobs = len(plan.contenders) * len(plan.starts) * setting.num_jobs * setting.num_seeds
        most = min(most, 1 + jobs // PAIR_JOBS_PER_WORKER)
    return min(most, num_chunks)
