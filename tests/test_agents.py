"""The agents that learn nothing, and how options name them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdeeprm.agents import Agent, ClassicAgent, RandomAgent, agent_from_options
from hdeeprm.errors import OptionsError
from hdeeprm.options import load_options
from hdeeprm.selections import PAIR_NAMES
from scenarios import options, selection

NOTHING_SEEN = np.zeros(21, np.float32)
ALL_ALLOWED = np.ones(37, np.int8)


def agent(**overrides: Any) -> Agent:
    return agent_from_options(load_options(options(**overrides)))


def test_without_a_name_action_0_is_taken() -> None:
    chosen = agent()
    assert isinstance(chosen, ClassicAgent)
    assert chosen.decide(NOTHING_SEEN, ALL_ALLOWED) == 0


@pytest.mark.parametrize("name", PAIR_NAMES)
def test_a_pair_alone_is_action_0_of_a_table_of_its_own(name: str) -> None:
    loaded = load_options(options(agent={"name": name}))
    assert loaded.action_table().names == (name,)
    chosen = agent_from_options(loaded)
    assert isinstance(chosen, ClassicAgent)
    assert chosen.action == 0


@pytest.mark.parametrize(
    ("name", "action"), [("shortest-random", 2), ("first-high_flops", 1), ("random-low_power", 0)]
)
def test_a_pair_of_a_longer_selection_is_found_there(name: str, action: int) -> None:
    env = selection("random-low_power", "first-high_gflops", "shortest-random", void=True)
    chosen = agent(agent={"name": name}, env=env)
    assert chosen.decide(NOTHING_SEEN, ALL_ALLOWED) == action


def test_a_pair_outside_the_selection_is_an_error() -> None:
    with pytest.raises(OptionsError, match="'first-random' is not in the selection"):
        agent(agent={"name": "first-random"}, env=selection("random-low_power"))


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(OptionsError, match="Did you mean 'high_gflops'"):
        agent(agent={"name": "first-high_gflop"})


def test_the_random_agent_has_all_actions() -> None:
    loaded = load_options(options(agent={"name": "random"}))
    assert loaded.action_table().num_actions == 37
    assert isinstance(agent_from_options(loaded), RandomAgent)


def test_the_random_agent_follows_the_seed() -> None:
    def answers(seed: int) -> list[int]:
        chosen = agent(agent={"name": "random"}, seed=seed)
        return [chosen.decide(NOTHING_SEEN, ALL_ALLOWED) for _ in range(50)]

    assert answers(1) == answers(1) != answers(2)


@given(mask=st.lists(st.booleans(), min_size=1, max_size=37).filter(any), seed=st.integers(0, 2**32))
def test_the_random_agent_takes_allowed_actions_only(mask: list[bool], seed: int) -> None:
    chosen = RandomAgent(np.random.default_rng(seed))
    answers = [chosen.decide(NOTHING_SEEN, np.array(mask, np.int8)) for _ in range(10)]
    assert all(type(answer) is int and mask[answer] for answer in answers)


def test_the_random_agent_takes_each_allowed_action_as_often() -> None:
    chosen = RandomAgent(np.random.default_rng(0))
    mask = np.array([1, 0, 1, 1, 0], np.int8)
    counts = np.bincount([chosen.decide(NOTHING_SEEN, mask) for _ in range(3000)], minlength=5)
    assert counts[[1, 4]].sum() == 0
    assert np.all(np.abs(counts[[0, 2, 3]] - 1000) < 130)  # five standard deviations


def test_an_agent_must_decide() -> None:
    class Undecided(Agent):
        pass

    with pytest.raises(TypeError, match="decide"):
        Undecided()  # type: ignore[abstract]
