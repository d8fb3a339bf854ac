"""The language of scores: what can be said in it, what it comes to, and what is refused."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdeeprm.errors import OptionsError
from hdeeprm.expressions import Node
from hdeeprm.scores import NAMED_SCORES, NAMES, Score, evaluate
from hdeeprm.scores.language import expression_of
from hdeeprm.scores.programs import LONGEST_PROGRAM, OPERATIONS, split_by_wait
from hdeeprm.simulator import EmbeddedSimulator, QueueRules
from hdeeprm.simulator.kernel import programs, tables
from kernel_runs import COMPILED, cases
from strategies import make_workload, small_platform

JOB = {"submit": 100.0, "wait": 7.0, "requested_time": 60.0, "cores": 4.0, "memory": 0.5}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2 + 3 * 4", 14),
        ("(2 + 3) * 4", 20),
        ("2 - 3 - 4", -5),
        ("24 / 4 / 2", 3),
        ("2 ^ 3 ^ 2", 512),
        ("-2 ^ 2", -4),
        ("-2 ** 2 * 3 ^ -1 ** 2", -4 / 3),
        ("+cores - +1", 3),
        ("1_000 + 1", 1001),
        ("2 ^ -1", 0.5),
        ("--3", 3),
        ("1e3 + .5", 1000.5),
        ("max(1, cores, 3) - min(cores, wait)", 0),
        ("log2(8) + log10(1000) + log(1) + sqrt(9) + abs(-2)", 11),
        ("submit + wait - requested_time * memory", 77),
    ],
)
def test_values(text: str, value: float) -> None:
    assert evaluate(expression_of(text), JOB) == value


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("cors * 2", "column 1: 'cors' is not known; one of submit, wait,"),
        ("cors * 2", "Did you mean 'cores'?"),
        ("__import__('os')", "cannot be in an expression"),
        ("cores.real", "'.' cannot be in an expression"),
        ("cores[0]", "'[' cannot be in an expression"),
        ("lambda: 1", "cannot be in an expression"),
        ("open", "'open' is not known"),
        ("wait if 1", "column 6: 'if' is not expected here"),
        ("cores cores", "write an operator before it"),
        ("cores * * 2", "column 9: a number, a name or '(' is wanted, '*' was found"),
        ("cores % 2", "'%' cannot be in an expression; numbers, names, + - * / ^, commas and"),
        ("log2 + cores", "column 6: '(' is wanted, '+' was found"),
        ("cores(2)", "function 'cores' is not known; one of log2, log10,"),
        ("Submit", "Did you mean 'submit'?"),
        ("(cores", "')' is wanted, the end was found"),
        ("cores +", "a number, a name or '(' is wanted, the end was found"),
        ("", "a number, a name or '(' is wanted"),
        ("sqrt(1, 2)", "column 1: sqrt takes 1 argument; 2 given"),
        ("max(1)", "max takes at least 2 arguments; 1 given"),
        ("1e999", "is too large"),
        ("(" * 80 + "1" + ")" * 80, "nested deeper than 75 levels"),
        ("1+" * 250 + "1", "at most 500 numbers, names and signs"),
        ("1" + "+1" * 100, f"at most {LONGEST_PROGRAM} are allowed"),
        ("é", "'é' is not known"),
        ("€", "'€' cannot be in an expression"),
    ],
)
def test_what_is_no_expression(text: str, fragment: str) -> None:
    with pytest.raises(OptionsError, match=re.escape(fragment)) as caught:
        Score.read(f"score:{text}")
    assert "\n" not in str(caught.value)


def test_unknown_names() -> None:
    with pytest.raises(OptionsError, match=r"'wfp4' is no score; one of ljf, .* Did you mean 'wfp3'"):
        Score.read("wfp4")
    assert Score.read("UniCEP").name == "unicep"
    assert Score.read("score:  cores   * 2").name == "score:cores * 2"


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        node = expression_of(text)
    except OptionsError as error:
        assert "\n" not in str(error) or "\n" in text
    else:
        assert node.kind in (*NAMES, *OPERATIONS)


def expressions(names: tuple[str, ...] = NAMES) -> st.SearchStrategy[Node]:
    """Expressions over some names."""
    leaves = st.sampled_from(names).map(Node) | st.floats(0.5, 4).map(lambda value: Node("number", (), value))

    def larger(parts: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
        two = st.tuples(st.sampled_from(["+", "-", "*", "/", "min", "max", "^"]), st.tuples(parts, parts))
        one = st.tuples(
            st.sampled_from(["negative", "abs", "sqrt", "log2", "log10", "log"]), st.tuples(parts)
        )
        return (two | one).map(lambda found: Node(*found))

    return st.recursive(leaves, larger, max_leaves=8)


def as_text(node: Node) -> str:
    """An expression that is read as the same node."""
    parts = [as_text(part) for part in node.parts]
    if node.kind == "number":
        return repr(node.value)
    if node.kind == "negative":
        return f"(-{parts[0]})"
    if node.kind in "+-*/^":
        return f"({parts[0]} {node.kind} {parts[1]})"
    return f"{node.kind}({', '.join(parts)})" if parts else node.kind


@given(expressions())
def test_what_is_written_is_read_back(node: Node) -> None:
    assert expression_of(as_text(node)) == node


@given(expressions(), st.floats(0.0, 1e4))
def test_intercept_and_slope_are_the_expression(node: Node, wait: float) -> None:
    parts = split_by_wait(node)
    if parts is None:
        assert node.mentions("wait")
        return
    assert not any(part.mentions("wait") for part in parts)
    try:
        whole = evaluate(node, JOB | {"wait": wait})
        intercept, slope = (evaluate(part, JOB) for part in parts)
    except ArithmeticError:
        return
    assert intercept + slope * wait == pytest.approx(whole, rel=1e-6, abs=1e-6 * (abs(intercept) + 1))


def test_the_named_scores_are_ranked_as_published() -> None:
    """What ranks the jobs gives the order of the published formula."""
    rng = np.random.default_rng(0)
    for named in NAMED_SCORES.values():
        formula, ranked_by = expression_of(named.formula), expression_of(named.ranked_by)
        jobs = [dict(zip(NAMES, rng.uniform(2, 100, 5), strict=True)) for _ in range(60)]
        orders = [
            sorted(range(60), key=lambda job: evaluate(node, jobs[job])) for node in (formula, ranked_by)
        ]
        assert orders[0] == orders[1]
        assert named.source


def simulator(text: str, **job: Any) -> EmbeddedSimulator:
    """A simulator of one job and a score."""
    workload = make_workload([{"run_time": 5.0, **job}])
    return EmbeddedSimulator(small_platform((1.0, [4])), workload, queue=QueueRules((Score.read(text),)))


@pytest.mark.skipif(COMPILED, reason="the kernel's parts are called one by one")
@cases(150)
@given(expressions(), st.floats(0.5, 50), st.integers(1, 64), st.integers(0, 4000))
def test_the_kernel_computes_the_same(node: Node, time: float, cores: int, memory: int) -> None:
    """Bit for bit; where there is no value, it says so."""
    text = as_text(node)
    made = simulator(f"score:{text}", requested_time=time, requested_cores=cores, memory_kb=memory)
    sim, job = made.tables, {"submit": 0.0, "wait": 0.0}
    job |= {"requested_time": time, "cores": float(cores), "memory": memory / 1000}
    sim.clock["num_jobs"], sim.clock["arrival_scale"] = 1, 1.0
    for part, parsed in enumerate(made.queue.scores[0].parts):
        sim.clock["undefined_job"] = tables.NONE
        try:
            expected = evaluate(parsed, job)
        except ArithmeticError:
            expected = math.inf
        assert programs.program_value(sim, 0, part, 0) == expected
        assert (sim.clock["undefined_job"][0] == tables.NONE) == (expected != math.inf)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1 / (cores - 4)", "division by zero"),
        ("log10(submit)", "log10 of 0"),
        ("log(memory)", "log of 0"),
        ("sqrt(-cores)", "sqrt of -4"),
        ("(-cores) ^ 0.5", "-4 ^ 0.5 is no real number"),
        ("0 ^ -1", "division by zero"),
        ("10 ^ (cores * 100)", "overflow"),
        ("1e200 * 1e200", "overflow"),
        ("1 / wait", "division by zero"),
        ("min(wait, 1) / (wait - wait)", "division by zero"),
    ],
)
def test_a_score_without_a_value_names_job_and_reason(text: str, reason: str) -> None:
    made = simulator(f"score:{text}", requested_cores=4)
    with pytest.raises(
        OptionsError, match=re.escape("has no value for the job 00000 (submit 0, wait 0, ")
    ) as caught:
        made.reset()
        made.run((-2, 1))
    assert re.search(re.escape(reason), str(caught.value))
    with pytest.raises(OptionsError):  # and again, as nothing has changed
        made.reset()
        made.run((-2, 1))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("requested_time / wait", "wait 0, requested_time 60, cores 4, memory 0): division by zero"),
        ("log(wait)", "wait 0, requested_time 60, cores 4, memory 0): log of 0"),
        ("log(50 - wait ^ 2)", "wait 2000, requested_time 60, cores 4, memory 0): log of -3.99995e+06"),
    ],
)
def test_a_score_without_a_value_shows_a_wait_without_one(text: str, reason: str) -> None:
    workload = make_workload(
        [
            {"submit_time": 10.0 * number, "run_time": 1010.0, "requested_time": 60.0, "requested_cores": 4}
            for number in range(3)
        ]
    )
    rules = QueueRules((Score.read(f"score:{text}"),))
    made = EmbeddedSimulator(small_platform((1.0, [4])), workload, queue=rules)
    with pytest.raises(OptionsError, match=re.escape(reason)):
        made.reset()
        made.run((-2, 1), limit=10)
