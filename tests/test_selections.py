"""The vocabulary of selections and the table of actions."""

import numpy as np
import pytest

from hdeeprm.errors import OptionsError
from hdeeprm.selections import (
    ALL_PAIRS,
    PAIR_NAMES,
    ActionTable,
    CoreSelection,
    JobSelection,
    SelectionPair,
    read_selection,
)

JOBS = ["random", "first", "shortest", "smallest", "low_mem", "low_mem_bw"]
CORES = ["random", "high_gflops", "high_cores", "high_mem", "high_mem_bw", "low_power"]
FIRST_GFLOPS = SelectionPair(JobSelection.first, CoreSelection.high_gflops)


def test_codes_follow_the_documented_order() -> None:
    assert [member.name for member in JobSelection] == JOBS
    assert [member.name for member in CoreSelection] == CORES
    assert [int(member) for member in JobSelection] == list(range(6))
    assert [int(member) for member in CoreSelection] == list(range(6))


def test_high_flops_is_an_alias() -> None:
    assert CoreSelection["high_flops"] is CoreSelection.high_gflops
    assert SelectionPair.parse("shortest-high_flops").name == "shortest-high_gflops"


@pytest.mark.parametrize("pair", ALL_PAIRS, ids=PAIR_NAMES)
def test_every_name_parses_to_its_pair(pair: SelectionPair) -> None:
    assert SelectionPair.parse(pair.name) == pair


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("frist-high_gflops", "'frist' is not a job selection; one of random, first,"),
        ("frist-high_gflops", "Did you mean 'first'?"),
        ("first-high_memory", "Did you mean 'high_mem'?"),
        ("F1", "Did you mean 'F1-high_gflops'?"),
        ("wfp3-published", "Did you mean 'wfp3-published-high_gflops'?"),
        ("score:wait - cores", "Did you mean 'score:wait - cores-high_gflops'?"),
        ("first", "write JOB-CORE, such as 'first-high_gflops'"),
        ("", "is not a selection pair"),
        ("first-", "'' is not a core selection"),
        ("first-high_gflops-low_power", "'high_gflops-low_power' is not a core selection"),
    ],
)
def test_wrong_pair_names_the_allowed_ones(text: str, fragment: str) -> None:
    with pytest.raises(OptionsError) as caught:
        SelectionPair.parse(text)
    assert fragment in str(caught.value)


def test_all_actions_are_job_major_with_void_last() -> None:
    table = ActionTable.all()
    assert table.num_actions == 37
    assert table.names == (*[f"{job}-{core}" for job in JOBS for core in CORES], "void")
    assert table.is_void(36)
    assert not table.is_void(35)


def test_without_void_the_last_action_is_a_pair() -> None:
    table = ActionTable.all(void=False)
    assert table.num_actions == 36
    assert not any(table.is_void(action) for action in range(-1, 38))


@pytest.mark.parametrize("void", [True, False])
def test_array_holds_the_codes_of_every_action(void: bool) -> None:
    codes = ActionTable.from_selection([{"shortest": ["low_power", "high_mem"]}], void).as_array()
    assert codes.dtype == np.int64
    assert codes.tolist() == [[2, 5], [2, 3]] + [[-1, -1]] * void
    assert codes.shape == (2 + void, 2)


def test_selection_of_0_3_keeps_its_order() -> None:
    table = ActionTable.from_selection(
        [{"shortest": ["high_gflops", "high_mem_bw"]}, {"first": ["low_power"], "low_mem": ["random"]}],
        void=False,
    )
    assert table.names == (
        "shortest-high_gflops",
        "shortest-high_mem_bw",
        "first-low_power",
        "low_mem-random",
    )


def test_items_may_be_names() -> None:
    table = ActionTable.from_selection(["first-high_flops", "smallest"], void=True)
    assert table.names == ("first-high_gflops", *[f"smallest-{core}" for core in CORES], "void")


@pytest.mark.parametrize(
    "selection", [{"first": ["high_gflops"]}, "first-high_gflops", ("first-high_gflops",)]
)
def test_one_item_stands_for_itself(selection: object) -> None:
    assert ActionTable.from_selection(selection, void=False).pairs == (FIRST_GFLOPS,)


def test_action_of_a_pair_is_its_number() -> None:
    table = ActionTable.from_selection(["smallest", "first-high_gflops"])
    assert table.action_of(FIRST_GFLOPS) == 6
    with pytest.raises(OptionsError, match="'shortest-random' is not in the selection"):
        table.action_of(SelectionPair.parse("shortest-random"))


@pytest.mark.parametrize(
    ("selection", "line"),
    [
        ([], "selection: is empty"),
        ({}, "selection: {job selection: [core selections]} or a name"),
        (None, "selection: a list is wanted"),
        (3, "selection: a list is wanted"),
        ([{}], "selection[0]: {job selection: [core selections]} or a name"),
        ([7], "selection[0]: {job selection: [core selections]} or a name"),
        ([{"first": []}], "selection[0].first: has no core selection"),
        ([{"first": "high_gflops"}], "selection[0].first: a list of core selections is wanted"),
        ([{"frist": ["random"]}], "selection[0].frist: 'frist' is not a job selection"),
        ([{"first": ["random", "low_pwr"]}], "selection[0].first[1]: 'low_pwr' is not a core selection"),
        ([{"first": [3]}], "selection[0].first[0]: 3 is not a core selection"),
        (["first", "fist"], "selection[1]: 'fist' is not a selection pair"),
        (["first", {"first": ["random"]}], "selection[1].first[0]: the pair 'first-random' is given twice"),
        (
            ["first-high_flops", "first-high_gflops"],
            "selection[1]: the pair 'first-high_gflops' is given twice",
        ),
    ],
)
def test_wrong_selection_says_where_and_what(selection: object, line: str) -> None:
    with pytest.raises(OptionsError) as caught:
        ActionTable.from_selection(selection)
    assert str(caught.value).startswith(line)


def test_all_wrong_parts_are_reported_at_once() -> None:
    pairs, problems = read_selection(["first-random", "frist-random", {"smallest": ["hgh_mem", "random"]}])
    assert [pair.name for pair in pairs] == ["first-random", "smallest-random"]
    assert [problem.location for problem in problems] == [(1,), (2, "smallest", 0)]


def test_a_table_refuses_no_pair_and_repeated_pairs() -> None:
    with pytest.raises(OptionsError, match="at least one selection pair"):
        ActionTable((), void=True)
    with pytest.raises(OptionsError, match="given twice"):
        ActionTable((FIRST_GFLOPS, FIRST_GFLOPS), void=True)
