"""The agents that learn nothing, the façade they act through, and how options name agents."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdeeprm.agents import Agent, AgentEnvironment, ClassicAgent, RandomAgent, agent_from_options
from hdeeprm.env import WorkloadManagementEnv
from hdeeprm.errors import AgentError, OptionsError
from hdeeprm.playing import MAX_MASKED_ANSWERS, Decisions, play
from hdeeprm.selections import PAIR_NAMES
from scenarios import JOBS, make, options, selection

NOTHING_SEEN = np.zeros(21, np.float32)
ALL_ALLOWED = np.ones(37, np.int8)
VOID = 36

Observation = npt.NDArray[np.float32]
Mask = npt.NDArray[np.int8]


def agent(**overrides: Any) -> Agent:
    env = make(options(**overrides))
    return agent_from_options(env.experiment_options, env)


# Named agents


def test_without_a_name_action_0_is_taken() -> None:
    chosen = agent()
    assert isinstance(chosen, ClassicAgent)
    assert chosen.decide(NOTHING_SEEN, ALL_ALLOWED) == 0


@pytest.mark.parametrize("name", PAIR_NAMES)
def test_a_pair_alone_is_action_0_of_a_table_of_its_own(name: str) -> None:
    env = make(options(agent={"name": name}))
    assert env.actions.names == (name,)
    chosen = agent_from_options(env.experiment_options, env)
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
    with pytest.raises(OptionsError, match="Did you mean 'first-high_gflops'"):
        agent(agent={"name": "first-high_gflop"})


def test_the_random_agent_has_all_actions() -> None:
    env = make(options(agent={"name": "random"}))
    assert env.actions.num_actions == 37
    assert isinstance(agent_from_options(env.experiment_options, env), RandomAgent)


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


def test_the_random_agent_needs_a_mask() -> None:
    with pytest.raises(AgentError, match="give it action_mask"):
        RandomAgent(np.random.default_rng(0)).decide(NOTHING_SEEN)


def test_an_agent_must_decide() -> None:
    class Undecided(Agent):
        pass

    with pytest.raises(TypeError, match="decide"):
        Undecided()  # type: ignore[abstract]


# Classic agents by the name of their pair


@pytest.mark.parametrize("name", ["shortest-high_gflops", "shortest-high_flops"])
def test_a_classic_agent_takes_the_pair_of_its_name(name: str) -> None:
    by_name, by_number = ClassicAgent(name), ClassicAgent(PAIR_NAMES.index("shortest-high_gflops"))
    assert play(make(), by_name, 1).actions.tolist() == play(make(), by_number, 1).actions.tolist()
    assert by_name.action == by_number.action


def test_a_classic_agent_looks_its_pair_up_in_each_environment() -> None:
    chosen = ClassicAgent("first-random")
    play(make(), chosen, 1)
    play(make(options(env=selection("random-random", "first-random"))), chosen, 1)
    assert chosen.action == 1


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("first-random", "'first-random' is not among the actions of the environment .random-random."),
        ("first-high_gflop", "'high_gflop' is not a core selection"),
        ("first", "'first' is not a selection pair"),
    ],
)
def test_a_pair_that_the_environment_has_not_is_an_error(name: str, message: str) -> None:
    with pytest.raises(AgentError, match=message):
        play(make(options(env=selection("random-random"))), ClassicAgent(name), 1)


def test_a_classic_agent_takes_the_first_allowed_job_where_its_own_is_masked() -> None:
    env = make(options(env={"actions": {"type": "jobs", "num_jobs": 4, "void": False}}))
    decisions = play(env, ClassicAgent(), 1)
    assert len(set(decisions.actions.tolist())) > 1
    assert env.simulator.over
    mask = np.array([0, 0, 1, 1], np.int8)
    assert [ClassicAgent(action).decide(NOTHING_SEEN, mask) for action in range(4)] == [2, 2, 2, 3]


# The façade


def test_the_facade_tells_what_the_environment_tells() -> None:
    env, twin = make(), make()
    environment = AgentEnvironment(env)
    environment.reset(seed=3)
    observation, info = twin.reset(seed=3)
    assert environment.action_size == 37 == len(environment.action_names)
    assert environment.observation_size == env.observation_space.shape[0]  # type: ignore[index]
    assert environment.action_space is env.action_space
    assert environment.observation_space is env.observation_space
    assert environment.reward() == 0.0
    while not environment.over:
        assert np.array_equal(environment.observation(), observation)
        assert np.array_equal(environment.action_mask(), info["action_mask"])
        assert environment.now == info["now"]
        environment.step(7)
        observation, reward, over, _, info = twin.step(7)
        assert environment.reward() == reward
    assert over
    assert environment.steps_taken()[-1][1] == 7
    assert environment.steps_taken() == []


def test_a_masked_step_of_the_facade_is_replaced_and_counted() -> None:
    environment = AgentEnvironment(make(options([JOBS[0]])))
    environment.reset(seed=0)
    environment.step(VOID)
    assert [action for _, action in environment.steps_taken()] == [0]
    assert environment.env.allowed_action(0) == 0


# How agents are asked


class Logged(Agent):
    """Writes down what is called."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    def begin(self, environment: AgentEnvironment) -> None:
        self.calls.append("begin")

    def observe(self, environment: AgentEnvironment) -> Observation:
        self.calls.append("observe")
        return super().observe(environment)

    def decide(self, observation: Observation, action_mask: Mask | None = None) -> int:
        assert action_mask is not None
        self.calls.append("decide")
        return 0

    def alter(self, action: int, environment: AgentEnvironment) -> None:
        self.calls.append("alter")
        super().alter(action, environment)

    def rewarded(self, environment: AgentEnvironment) -> None:
        self.calls.append(f"rewarded {environment.reward():g}")


def test_the_methods_are_called_in_their_order() -> None:
    chosen = Logged()
    decisions = play(make(), chosen, 1)
    rewards = [f"rewarded {reward:g}" for reward in decisions.records["reward"]]
    expected = [call for reward in rewards for call in ("observe", "decide", "alter", reward)]
    assert chosen.calls == ["begin", *expected]


class Unmasked(Agent):
    """Decides by the observation alone, for void at first."""

    num_asked = 0

    def decide(self, observation: Observation) -> int:  # type: ignore[override]
        self.num_asked += 1
        return VOID if self.num_asked % 3 else 0


class OtherName(Agent):
    def decide(self, observation: Observation, allowed: Mask) -> int:  # type: ignore[override]
        return int(allowed[VOID])


class KeywordOnly(Agent):
    def decide(self, observation: Observation, *, action_mask: Mask) -> int:  # type: ignore[override]
        return int(action_mask[VOID])


class AnyKeyword(Agent):
    def decide(self, observation: Observation, **known: Any) -> int:
        return int(known["action_mask"][VOID])


class Defaulted(Agent):
    def decide(self, observation: Observation, epsilon: float = 0.0) -> int:  # type: ignore[override]
        return round(epsilon)


def played(kind: type[Agent], env: WorkloadManagementEnv | None = None) -> Decisions:
    return play(env or make(), kind(), 1)


@pytest.mark.parametrize("kind", [OtherName, KeywordOnly, AnyKeyword])
def test_the_mask_is_given_to_who_takes_it(kind: type[Agent]) -> None:
    assert played(kind).actions[0] == 1
    assert played(kind, make(options([JOBS[0]]))).actions.tolist() == [0]  # where void is masked


def test_a_default_is_no_place_for_the_mask() -> None:
    assert set(played(Defaulted).actions.tolist()) == {0}


def test_who_takes_no_mask_is_asked_again() -> None:
    assert played(Unmasked, make(options([JOBS[0]]))).actions.tolist() == [0]


def test_the_answers_that_were_refused_are_named() -> None:
    class Void(Agent):
        def decide(self, observation: Observation) -> int:  # type: ignore[override]
            return VOID

    text = rf"Void answered {MAX_MASKED_ANSWERS} times with actions that are masked at 0 s \(void\)"
    with pytest.raises(AgentError, match=text):
        played(Void, make(options([JOBS[0]])))


def test_a_window_is_chosen_for_the_episode() -> None:
    content = options(workload={"window": {"start": "random", "length": 3}})
    env = make(content)
    for first_job in (0, 4, 9):
        play(env, ClassicAgent(), 1, first_job=first_job)
        assert env.simulator.first_job == first_job


def test_a_classic_agent_has_no_preferences() -> None:
    assert play(make(), ClassicAgent(), 1).first_probabilities is None
    assert played(Logged).first_probabilities is None


# Agents that fail


def test_an_agent_that_raises_is_named_with_its_line_and_the_time() -> None:
    class Failing(Logged):
        def decide(self, observation: Observation, action_mask: Mask | None = None) -> int:
            if len(self.calls) > 20:
                raise ZeroDivisionError("no\nreason")
            return super().decide(observation, action_mask)

    env = make()
    with pytest.raises(AgentError) as caught:
        played(Failing, env)
    line = Failing.decide.__code__.co_firstlineno + 2
    assert str(caught.value) == (
        f"{__file__}:{line}: Failing failed at {env.simulator.now:g} s: ZeroDivisionError: no reason; "
        "correct it (--debug shows the traceback)"
    )


def test_an_error_of_the_package_stays_as_it_is() -> None:
    class Refusing(Logged):
        def begin(self, environment: AgentEnvironment) -> None:
            raise OptionsError("agent.settings.depth: at most 3")

    with pytest.raises(OptionsError, match=r"^agent\.settings\.depth: at most 3$"):
        played(Refusing)


@pytest.mark.parametrize("answer", [37, -1, 0.0, None, "first-random", np.zeros(1, np.int64)])
def test_a_wrong_answer_names_the_line_of_decide(answer: Any) -> None:
    class Wrong(Agent):
        def decide(self, observation: Observation, action_mask: Mask | None = None) -> int:
            return answer  # type: ignore[no-any-return]

    line = Wrong.decide.__code__.co_firstlineno
    with pytest.raises(AgentError, match=rf"{__file__}:{line}: Wrong decided for .* from 0 to 36; let"):
        played(Wrong)


def test_an_agent_that_alters_nothing_is_an_error() -> None:
    class Idle(Logged):
        def alter(self, action: int, environment: AgentEnvironment) -> None:
            pass

    with pytest.raises(AgentError, match=r"test_agents\.py:\d+: Idle\.alter takes no step"):
        played(Idle)


def test_each_step_of_one_alteration_is_a_decision() -> None:
    class Twice(Logged):
        def alter(self, action: int, environment: AgentEnvironment) -> None:
            environment.step(1)
            if not environment.over:
                environment.step(2)

    decisions = played(Twice)
    assert decisions.actions.tolist()[:4] == [1, 2, 1, 2]
    assert len(decisions.records) == len(decisions.actions)
