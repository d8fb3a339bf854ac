"""The built-in learners: what they learn, anew and on from a checkpoint, and what stops them."""

# ruff: noqa: E402  (torch, which these imports need, may be missing)
from __future__ import annotations

import copy
import io
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from control_tasks import CartPole, ContextualBandit, greedy_return, train
from hdeeprm.agents.distributions import entropy, log_softmax, sample
from hdeeprm.agents.learner import Learner, Outcome, Shape
from hdeeprm.agents.learners import LEARNERS, learner_class
from hdeeprm.agents.networks import JobScorer, Tanh, build_network
from hdeeprm.agents.on_policy import Batch
from hdeeprm.errors import AgentError, OptionsError, TrainingDiverged

torch.set_num_threads(1)

SHAPE = Shape(observation_size=4, num_actions=3)
QUEUE = Shape(observation_size=3 * 2 + 2, num_actions=4, num_jobs=3, job_features=2)
SMALL: dict[str, dict[str, Any]] = {
    "reinforce": {"episodes_per_update": 3},
    "actor-critic": {"rollout_steps": 5},
    "ppo": {"rollout_steps": 8, "epochs": 2, "num_minibatches": 2},
    "dqn": {"learning_starts": 16, "batch_size": 16, "target_interval": 4, "buffer_size": 60},
}
"""Settings that let an update come after few steps."""


def learner(
    name: str, shape: Shape = SHAPE, settings: dict[str, Any] | None = None, **changes: Any
) -> Learner:
    arguments = {"gamma": 0.9, "lr": 0.01, "hidden": 16, "num_envs": 4, "seed": 0} | changes
    made = learner_class(name)(shape, settings=SMALL[name] if settings is None else settings, **arguments)
    assert isinstance(made, Learner)
    return made


def weights(trained: Learner) -> list[bytes]:
    return [value.numpy().tobytes() for value in trained.model_state()["model_state_dict"].values()]


class Chain:
    """Episodes of 1 to 9 steps, some cut by a limit; rewards for the allowed action of the largest number."""

    def __init__(self, num_envs: int, seed: int, shape: Shape = SHAPE) -> None:
        self.num_envs, self._shape = num_envs, shape
        self._rng = np.random.default_rng(seed)
        self.observations, self.masks = self._seen()

    def _seen(self) -> tuple[np.ndarray, np.ndarray]:
        observations = self._rng.random((self.num_envs, self._shape.observation_size), np.float32)
        masks = (self._rng.random((self.num_envs, self._shape.num_actions)) < 0.7).astype(np.int8)
        masks[:, 1] = 1
        return observations, masks

    def step(self, actions: np.ndarray) -> Outcome:
        assert self.masks[np.arange(self.num_envs), actions].all()
        rewards = self.observations[np.arange(self.num_envs), actions].astype(float) - 0.5
        terminated = self._rng.random(self.num_envs) < 0.2
        truncated = self._rng.random(self.num_envs) < 0.1
        final, final_masks = self._seen()
        self.observations, self.masks = final.copy(), final_masks.copy()
        ended = terminated | truncated
        observations, masks = self._seen()
        self.observations[ended], self.masks[ended] = observations[ended], masks[ended]
        return Outcome(rewards, terminated, truncated, self.observations, final, self.masks, final_masks)


# Learning ------------------------------------------------------------------------------------------------


TRIED = {  # settings and steps
    "reinforce": ({"episodes_per_update": 32}, 20_000),
    "actor-critic": ({}, 12_000),
    "ppo": ({"rollout_steps": 32}, 12_000),
    "dqn": ({"epsilon_steps": 4_000, "learning_starts": 200}, 8_000),
}


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("name", LEARNERS)
def test_the_paying_arm_is_found_in_every_context(name: str, normalize: bool) -> None:
    settings, steps = TRIED[name]
    trained = learner(
        name, ContextualBandit.shape, settings, num_envs=8, gamma=0.5, normalize_observations=normalize
    )
    before = trained.greedy(ContextualBandit.contexts, ContextualBandit.allowed)
    losses = train(trained, ContextualBandit(8, seed=1), steps)
    found = trained.greedy(ContextualBandit.contexts, ContextualBandit.allowed)
    assert found.tolist() == ContextualBandit.best.tolist() != before.tolist()
    likely = trained.probabilities(ContextualBandit.contexts, ContextualBandit.allowed)
    assert likely[np.arange(4), found].min() > 0.8
    assert all(np.isfinite(list(each.values())).all() for each in losses)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    ("name", "lr", "steps", "wanted"),
    [
        ("ppo", 0.001, 150_000, 475),
        ("actor-critic", 0.001, 300_000, 450),
        ("reinforce", 0.001, 300_000, 450),
        ("dqn", 0.0005, 200_000, 400),
    ],
)
def test_the_pole_is_balanced(name: str, lr: float, steps: int, wanted: float, seed: int) -> None:
    """Published returns of CartPole-v1, at most 500: PPO 500, A2C 500, DQN 489 [CleanRL, SB3 Zoo]."""
    trained = learner(name, CartPole.shape, {}, num_envs=8, gamma=0.99, lr=lr, hidden=64, seed=seed)
    train(trained, CartPole(8, seed), steps)
    assert greedy_return(trained, seed=1000 + seed) >= wanted


@pytest.mark.parametrize("name", LEARNERS)
@pytest.mark.parametrize("gamma", [0.0, 1.0])
def test_any_discount_goes(name: str, gamma: float) -> None:
    losses = train(learner(name, gamma=gamma), Chain(4, seed=2), 400)
    assert len(losses) > 3
    assert all(np.isfinite(list(each.values())).all() for each in losses)


@pytest.mark.parametrize("name", LEARNERS)
@pytest.mark.parametrize("shape", [SHAPE, QUEUE, QUEUE._replace(num_actions=3)])
def test_losses_have_the_names_that_are_logged(name: str, shape: Shape) -> None:
    names = {
        "reinforce": {"policy_loss", "entropy"},
        "actor-critic": {"policy_loss", "value_loss", "entropy", "explained_variance"},
        "dqn": {"td_loss", "q_values"},
    }
    names["ppo"] = names["actor-critic"] | {"approx_kl", "old_approx_kl", "clipfrac"}
    losses = train(learner(name, shape), Chain(4, 0, shape), 400)
    assert len(losses) > 3
    assert all(each.keys() == names[name] for each in losses)


# The same seed -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LEARNERS)
@pytest.mark.parametrize("shape", [SHAPE, QUEUE])
def test_the_same_seed_gives_the_same_weights(name: str, shape: Shape) -> None:
    def trained(seed: int) -> list[bytes]:
        made = learner(name, shape, seed=seed, normalize_observations=True)
        train(made, Chain(4, 0, shape), 400)
        return weights(made)

    torch.manual_seed(1)
    first = trained(0)
    torch.manual_seed(2)
    assert first == trained(0) != trained(1)


@pytest.mark.parametrize("name", LEARNERS)
def test_the_global_random_stream_is_left_alone(name: str) -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    train(learner(name), Chain(4, 0), 200)
    assert torch.equal(torch.get_rng_state(), before)


def through_a_file(state: dict[str, Any]) -> Any:
    """What a checkpoint file gives back of a state."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


@pytest.mark.parametrize("name", LEARNERS)
@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("shape", [SHAPE, QUEUE])
def test_training_goes_on_from_a_checkpoint_to_the_same_weights(
    name: str, normalize: bool, shape: Shape
) -> None:
    arguments = {"normalize_observations": normalize, "normalize_rewards": normalize}
    whole, task = learner(name, shape, **arguments), Chain(4, 0, shape)
    train(whole, task, 240)
    while not whole.at_boundary:
        train(whole, task, 4)
    saved, task_then = through_a_file(whole.training_state()), copy.deepcopy(task)
    train(whole, task, 400)
    resumed = learner(name, shape, seed=7, **arguments)
    train(resumed, Chain(4, 5, shape), 44)  # whatever it has done before is gone
    resumed.load_training_state(saved)
    assert resumed.at_boundary
    train(resumed, task_then, 400)
    assert weights(resumed) == weights(whole)
    assert resumed.num_updates == whole.num_updates
    assert np.array_equal(task_then.observations, task.observations)


@pytest.mark.parametrize("name", LEARNERS)
def test_what_was_saved_stays_as_it_was(name: str) -> None:
    trained, task = learner(name), Chain(4, 0)
    train(trained, task, 240)
    saved = trained.training_state()
    before = through_a_file(saved)
    train(trained, task, 240)
    file = io.BytesIO()
    torch.save(before, file)
    again = io.BytesIO()
    torch.save(through_a_file(saved), again)
    assert file.getvalue() == again.getvalue()


@pytest.mark.parametrize("name", LEARNERS)
def test_a_loaded_model_decides_alike(name: str) -> None:
    trained, task = learner(name, normalize_observations=True), Chain(4, 0)
    train(trained, task, 400)
    other = learner(name, seed=9, num_envs=1)
    other.load_model_state(through_a_file(trained.model_state()))
    assert np.array_equal(
        other.greedy(task.observations, task.masks), trained.greedy(task.observations, task.masks)
    )
    logits = [
        each.logits(torch.tensor(task.observations), torch.tensor(task.masks)) for each in (trained, other)
    ]
    assert torch.equal(*logits)


def test_a_model_of_another_shape_is_refused() -> None:
    state = learner("ppo").model_state()
    with pytest.raises(AgentError, match="do not fit ppo"):
        learner("ppo", hidden=17).load_model_state(state)


def test_weights_that_are_not_finite_are_refused() -> None:
    state = learner("ppo").model_state()
    next(iter(state["model_state_dict"].values()))[0] = np.nan
    with pytest.raises(AgentError, match="not finite"):
        learner("ppo").load_model_state(state)


# Deciding ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LEARNERS)
def test_one_decision_is_the_best_action(name: str) -> None:
    made, task = learner(name, normalize_observations=True), Chain(4, 0)
    train(made, task, 200)
    before = made.training_state()
    chosen = [made.decide(seen, mask) for seen, mask in zip(task.observations, task.masks, strict=True)]
    assert chosen == made.greedy(task.observations, task.masks).tolist()
    assert all(type(action) is int for action in chosen)
    everything = np.ones(3, np.int8)
    assert made.decide(task.observations[0]) == made.decide(task.observations[0], everything)
    likely = made.preferences(task.observations[0], task.masks[0])
    assert likely.argmax() == chosen[0]
    after = made.training_state()
    assert torch.equal(before["random_state"], after["random_state"])
    assert (
        before["normalization"]["observations"]["rest"]["count"]
        == (after["normalization"]["observations"]["rest"]["count"])
    )


@pytest.mark.parametrize("name", LEARNERS)
def test_actions_are_drawn_by_their_probabilities(name: str) -> None:
    made = (
        learner(name, settings={}, num_envs=20_000, seed=3)
        if name != "dqn"
        else learner(name, settings={"epsilon_start": 0.3}, num_envs=20_000)
    )
    observations = np.tile(np.float32([0.3, 0.9, 0.1, 0.5]), (20_000, 1))
    masks = np.tile(np.int8([1, 0, 1]), (20_000, 1))
    with torch.no_grad():  # preferences that are not all alike
        next(reversed(list(made.network.score.parameters()))).copy_(torch.tensor([0.0, 5.0, 1.0]))
    likely = made.probabilities(observations, masks)
    assert likely.dtype == np.float64
    assert likely[0].sum() == pytest.approx(1.0)
    assert likely[0, 1] == 0
    counts = np.bincount(made.act(observations, masks), minlength=3)
    assert np.abs(counts / 20_000 - likely[0]).max() < 0.018  # five standard deviations


def test_an_action_that_is_not_allowed_has_no_part_in_the_policy() -> None:
    scores = torch.tensor([[1.0, 50.0, 2.0], [0.0, 0.0, 0.0], [3.0, -1.0, 9.0]], requires_grad=True)
    allowed = torch.tensor([[True, False, True], [True, True, True], [False, True, False]])
    log_policy = log_softmax(scores, allowed)
    found = entropy(log_policy, allowed)
    p = 1 / (1 + np.e)
    wanted = [-(p * np.log(p) + (1 - p) * np.log(1 - p)), np.log(3), 0]
    assert found.tolist() == pytest.approx(wanted, abs=1e-6)
    (found.sum() + log_policy[allowed].sum()).backward()
    assert torch.isfinite(scores.grad).all()
    assert scores.grad[~allowed].tolist() == [0, 0, 0]
    generator = torch.Generator().manual_seed(0)
    drawn = torch.stack([sample(log_policy.detach(), generator) for _ in range(200)])
    assert set(drawn[:, 0].tolist()) == {0, 2}
    assert set(drawn[:, 2].tolist()) == {1}


# Ends of episodes ----------------------------------------------------------------------------------------


def batch_of(terminated: bool, truncated: bool) -> tuple[Learner, Batch, np.ndarray]:
    """A rollout of 2 steps; an episode may end at the first. With the values of 5 observations."""
    made = learner("ppo", settings={"rollout_steps": 2}, num_envs=1, normalize_rewards=False)
    batches: list[Batch] = []
    made._update = lambda batch: batches.append(batch) or {}  # type: ignore[attr-defined]
    seen = np.arange(20, dtype=np.float32).reshape(5, 1, 4) / 10
    mask = np.ones((1, 3), np.int8)
    with torch.no_grad():
        values = made.network.values(torch.tensor(seen[:, 0])).numpy().astype(float)
    made.act(seen[0], mask)
    ends = np.array([terminated]), np.array([truncated])
    made.learn(Outcome(np.array([1.0]), *ends, seen[2], seen[1], mask))
    made.act(seen[2], mask)
    never = np.array([False])
    made.learn(Outcome(np.array([2.0]), never, never, seen[3], seen[3], mask))
    return made, batches[0], values


@pytest.mark.parametrize(
    ("terminated", "truncated", "followed"), [(True, False, 0.0), (False, True, 1.0), (True, True, 0.0)]
)
def test_what_follows_counts_only_where_a_limit_cut_the_episode(
    terminated: bool, truncated: bool, followed: float
) -> None:
    _, batch, values = batch_of(terminated, truncated)
    assert batch.returns[0].item() == pytest.approx(1 + 0.9 * values[1] * followed, abs=1e-6)
    assert batch.returns[1].item() == pytest.approx(2 + 0.9 * values[3], abs=1e-6)
    assert batch.values.tolist() == pytest.approx(values[[0, 2]].tolist(), abs=1e-6)


def test_within_an_episode_values_of_the_next_step_count() -> None:
    _, batch, values = batch_of(False, False)
    surprises = [1 + 0.9 * values[2] - values[0], 2 + 0.9 * values[3] - values[2]]
    wanted = [surprises[0] + 0.9 * 0.95 * surprises[1], surprises[1]]
    assert batch.advantages.tolist() == pytest.approx(wanted, abs=1e-6)


def test_reinforce_learns_from_every_step_once_and_from_whole_episodes() -> None:
    made = learner("reinforce", num_envs=4, normalize_rewards=False)
    learned: list[np.ndarray] = []
    losses = made._losses  # type: ignore[attr-defined]

    def noted(columns: list[Any], found: list[Any]) -> Any:
        learned.append(columns[0].numpy()[:, 0].copy())
        return losses(columns, found)

    made._losses = noted  # type: ignore[attr-defined]
    task = Chain(4, seed=0)
    seen, running = [], [[] for _ in range(4)]
    for _ in range(200):
        for env, number in enumerate(task.observations[:, 0].tolist()):
            running[env].append(number)
        outcome = task.step(made.act(task.observations, task.masks))
        made.learn(outcome)
        for env in np.flatnonzero(outcome.ended):
            seen += running[env]
            running[env] = []
    waiting = made.experience.num_steps  # type: ignore[attr-defined]
    everything = np.concatenate(learned)
    assert len(learned) > 20
    assert len(np.unique(everything)) == len(everything)
    assert set(everything.tolist()) <= set(seen)
    assert len(seen) - len(everything) <= 4 * waiting
    assert waiting < 60  # what was learned from is forgotten


def test_returns_of_reinforce_are_relative_to_the_batch() -> None:
    def advantages(**settings: Any) -> np.ndarray:
        made = learner("reinforce", settings=settings, num_envs=2, gamma=1.0, normalize_rewards=False)
        mask = np.ones((2, 3), np.int8)
        found: list[np.ndarray] = []
        inner = made._advantages  # type: ignore[attr-defined]
        made._advantages = lambda learned: found.append(inner(learned)) or found[-1]  # type: ignore[attr-defined]
        for rewards, ended in (([1, 10], [0, 0]), ([2, 20], [0, 1]), ([3, 99], [1, 0])):
            seen = np.zeros((2, 4), np.float32)
            made.act(seen, mask)
            made.learn(
                Outcome(np.array(rewards, float), np.array(ended, bool), np.zeros(2, bool), seen, seen, mask)
            )
        return found[0]

    returns = np.array([6, 30, 5, 20, 3])  # of both environments, step by step
    plain: dict[str, Any] = {"episodes_per_update": 2, "normalize_returns": False}
    assert advantages(**plain, baseline="none").tolist() == returns.tolist()
    assert advantages(**plain, baseline="mean").tolist() == pytest.approx(returns - 12.8)
    assert advantages(**plain, baseline="position").tolist() == [-12, 12, -7.5, 7.5, 0]
    assert advantages(episodes_per_update=2).tolist() == pytest.approx((returns - 12.8) / returns.std())


def test_the_target_of_the_q_network_is_double_and_masked() -> None:
    made: Any = learner("dqn", num_envs=1, normalize_rewards=False)
    with torch.no_grad():
        for parameter in made.target.parameters():
            parameter.add_(0.3)
    seen = np.random.default_rng(0).random((4, 4), np.float32)
    allowed = np.array([[1, 1, 1], [1, 0, 0], [0, 1, 1], [1, 1, 1]], bool)
    steps = {
        "rewards": np.arange(4.0),
        "next_observations": seen,
        "next_allowed": allowed,
        "terminated": np.array([False, False, False, True]),
    }
    with torch.no_grad():
        online = made.network.scores(torch.tensor(seen)).numpy()
        target = made.target.scores(torch.tensor(seen)).numpy()
    best = np.where(allowed, online, -np.inf).argmax(axis=1)
    wanted = np.arange(4) + 0.9 * target[np.arange(4), best] * [1, 1, 1, 0]
    assert made._targets(steps).tolist() == pytest.approx(wanted.tolist(), abs=1e-6)


def test_the_target_network_follows_and_epsilon_falls() -> None:
    made: Any = learner("dqn", settings=SMALL["dqn"] | {"epsilon_steps": 100, "epsilon_end": 0.2})
    assert made.epsilon == 1.0
    task = Chain(4, 0)

    def same() -> bool:
        pairs = zip(made.target.parameters(), made.network.parameters(), strict=True)
        return all(torch.equal(*pair) for pair in pairs)

    assert same()
    train(made, task, 48)
    assert made.epsilon == pytest.approx(1 - 0.8 * 0.48)
    assert made.num_updates == (48 - 16) // 8 == 4
    assert same()
    train(made, task, 8)
    assert not same()
    train(made, task, 100)
    assert made.epsilon == pytest.approx(0.2)


# PPO -----------------------------------------------------------------------------------------------------


def test_the_learning_rate_falls_in_a_straight_line() -> None:
    made = learner("ppo", settings=SMALL["ppo"] | {"anneal_updates": 4})
    rates = []
    task = Chain(4, 0)
    for _ in range(6):
        train(made, task, 32)
        rates.append(made.optimizer.param_groups[0]["lr"])
    assert rates == pytest.approx([0.01, 0.0075, 0.005, 0.0025, 0, 0])
    before = weights(made)
    train(made, task, 32)
    assert weights(made) == before


def test_no_epoch_follows_once_the_policy_is_far() -> None:
    def steps(target_kl: float | None) -> int:
        settings = SMALL["ppo"] | {"epochs": 6, "target_kl": target_kl}
        made = learner("ppo", settings=settings, lr=0.1)
        train(made, Chain(4, 0), 32)
        return int(made.optimizer.state_dict()["state"][0]["step"])

    assert steps(None) == 12
    assert steps(1e-9) == 2


def test_the_first_epoch_starts_from_the_policy_that_acted() -> None:
    made = learner("ppo", settings=SMALL["ppo"] | {"epochs": 1, "num_minibatches": 1})
    (losses,) = train(made, Chain(4, 0), 32)
    assert losses["approx_kl"] == pytest.approx(0, abs=1e-7)
    assert losses["clipfrac"] == 0


# Networks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("num_actions", [5, 6])
@pytest.mark.parametrize("num_globals", [1, 3])
def test_the_order_of_jobs_decides_nothing(num_actions: int, num_globals: int) -> None:
    shape = Shape(5 * 2 + num_globals, num_actions, num_jobs=5, job_features=2)
    network = build_network(shape, 16, torch.Generator().manual_seed(0), score_gain=1.0)
    assert isinstance(network, JobScorer)
    rng = np.random.default_rng(0)
    jobs, rest = rng.random((7, 5, 2), np.float32), rng.random((7, num_globals), np.float32)
    order = rng.permutation(5)

    def answered(some: np.ndarray) -> tuple[Any, Any]:
        with torch.no_grad():
            return network(torch.tensor(np.concatenate((some.reshape(7, -1), rest), axis=1)))

    scores, values = answered(jobs)
    swapped_scores, swapped_values = answered(jobs[:, order])
    wanted = np.concatenate((order, np.arange(5, num_actions)))
    assert torch.allclose(swapped_scores, scores[:, wanted], atol=1e-6)
    assert torch.allclose(swapped_values, values, atol=1e-6)
    assert scores[:, :5].std(dim=1).min() > 1e-3


def test_missing_jobs_count_in_no_mean() -> None:
    few = Shape(2 * 2 + 1, 3, num_jobs=2, job_features=2)
    many = Shape(6 * 2 + 1, 7, num_jobs=6, job_features=2)
    networks = [build_network(shape, 16, torch.Generator().manual_seed(0)) for shape in (few, many)]
    jobs = torch.tensor([[0.1, 0.2, 0.3, 0.4]])
    rest = torch.tensor([[0.5]])
    with torch.no_grad():
        scores, values = networks[0](torch.cat((jobs, rest), dim=1))
        more_scores, more_values = networks[1](torch.cat((jobs, torch.zeros(1, 8), rest), dim=1))
        nothing, _ = networks[1](torch.cat((torch.zeros(1, 12), rest), dim=1))
    assert torch.allclose(more_scores[:, [0, 1, 6]], scores, atol=1e-6)
    assert torch.allclose(more_values, values, atol=1e-6)
    assert torch.isfinite(nothing).all()


def test_first_policies_are_nearly_uniform() -> None:
    for shape in (SHAPE, QUEUE):
        made = learner("ppo", shape)
        likely = made.probabilities(
            np.ones((1, shape.observation_size), np.float32), np.ones((1, shape.num_actions))
        )
        assert np.abs(likely * shape.num_actions - 1).max() < 0.1


def test_the_fast_hyperbolic_tangent_is_one() -> None:
    numbers = torch.linspace(-20, 20, 4001, requires_grad=True)
    found = Tanh()(numbers)
    assert torch.allclose(found, torch.tanh(numbers), rtol=0, atol=2.5e-7)
    found.sum().backward()
    assert torch.allclose(numbers.grad, 1 - torch.tanh(numbers.detach()) ** 2, rtol=0, atol=1e-6)


# What stops a learner ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LEARNERS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_reward_that_is_not_finite_stops_training(name: str, value: float) -> None:
    made, task = learner(name), Chain(4, 0)
    train(made, task, 200)
    outcome = task.step(made.act(task.observations, task.masks))
    outcome.rewards[2] = value
    with pytest.raises(TrainingDiverged, match=f"reward is -?(nan|inf) at update {made.num_updates + 1}"):
        made.learn(outcome)


@pytest.mark.parametrize("name", LEARNERS)
def test_a_loss_that_is_not_finite_stops_training_before_it_spoils_the_weights(name: str) -> None:
    made, task = learner(name), Chain(4, 0)
    train(made, task, 200)
    before, updates = weights(made), made.num_updates
    task.observations = np.full_like(task.observations, np.nan)
    with pytest.raises(TrainingDiverged, match=f"{name}: the (loss|gradient norm) is nan at update"):
        for _ in range(200):
            outcome = task.step(made.act(task.observations, task.masks))
            unseen = np.full_like(outcome.final_observations, np.nan)
            made.learn(outcome._replace(rewards=np.ones(4), final_observations=unseen))
            if made.num_updates > updates:
                before, updates = weights(made), made.num_updates
    assert weights(made) == before


def test_gradients_that_are_not_finite_stop_training() -> None:
    made = learner("actor-critic")
    before = weights(made)
    weight = next(made.network.parameters())
    steep = (weight - weight.detach()).sqrt().sum()  # 0, but infinitely steep
    with pytest.raises(TrainingDiverged, match="gradient norm is inf at update 1;"):
        made._descend([steep], 0.5)
    assert weights(made) == before


# Settings ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        (
            "ppo",
            {"clipp": 0.1},
            r"agent\.settings\.clipp: unknown setting; one of .*\. Did you mean 'clip'\?",
        ),
        ("ppo", {"epochs": 0}, r"agent\.settings\.epochs: an integer at least 1 is wanted; 0 was given"),
        ("ppo", {"epochs": 1.5}, "an integer at least 1 is wanted; 1.5 was given"),
        ("ppo", {"epochs": True}, "an integer at least 1 is wanted; True was given"),
        ("ppo", {"clip": 0}, "a number above 0 is wanted; 0 was given"),
        ("ppo", {"clip": float("nan")}, "a number above 0 is wanted; nan was given"),
        ("ppo", {"clip": "0.2"}, "a number above 0 is wanted; '0.2' was given"),
        ("ppo", {"target_kl": 0}, "a number above 0 or null is wanted; 0 was given"),
        ("ppo", {"gae_lambda": 1.1}, "a number at least 0 and at most 1 is wanted; 1.1 was given"),
        ("actor-critic", {"normalize_advantages": 1}, "true or false is wanted; 1 was given"),
        ("reinforce", {"baseline": "means"}, "one of mean, position, none is wanted; 'means' was given"),
        ("reinforce", {"baseline": "position", "episodes_per_update": 1}, "an integer at least 2 is wanted"),
        ("dqn", {"buffer_size": 3}, "at least 4, one step of each environment, is wanted; 3 was given"),
    ],
)
def test_wrong_settings_are_errors(name: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionsError, match=message):
        learner(name, settings=settings)


def test_all_wrong_settings_are_reported_together() -> None:
    with pytest.raises(OptionsError) as caught:
        learner("ppo", settings={"epoch": 3, "clip": -1, "value_coef": -2})
    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"gamma": 1.5}, r"agent\.gamma"), ({"lr": 0}, r"agent\.lr"), ({"hidden": 0}, r"agent\.hidden")],
)
def test_numbers_out_of_range_are_errors(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionsError, match=message):
        learner("ppo", **changes)


def test_settings_of_a_base_are_there_with_their_own_defaults() -> None:
    assert learner("actor-critic", settings={}).settings.rollout_steps == 16  # type: ignore[attr-defined]
    assert learner("ppo", settings={"gae_lambda": 1}).settings.gae_lambda == 1  # type: ignore[attr-defined]


def test_an_unknown_learner_is_an_error() -> None:
    with pytest.raises(AgentError, match="Did you mean 'ppo'"):
        learner_class("ppoo")


@pytest.mark.parametrize("name", LEARNERS)
def test_learners_know_their_names(name: str) -> None:
    assert learner_class(name).name == name
