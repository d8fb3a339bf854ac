"""The memory of the deep Q-network."""

# ruff: noqa: E402  (torch, which these imports need, may be missing)
from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hdeeprm.agents.experience import Outcome
from hdeeprm.agents.networks import Shape
from hdeeprm.agents.replay import ReplayBuffer

SHAPE = Shape(observation_size=1, num_actions=3)


def outcome(number: int, num_envs: int, **changes: np.ndarray) -> Outcome:
    numbers = np.full((num_envs, 1), number, np.float32)
    never = np.zeros(num_envs, bool)
    mask = np.tile(np.array([1, 0, 1], np.int8), (num_envs, 1))
    found = Outcome(np.full(num_envs, 10.0 * number), never, never, -numbers, numbers + 0.5, mask)
    return found._replace(**changes)


def filled(capacity: int, num_envs: int, times: int) -> ReplayBuffer:
    buffer = ReplayBuffer(capacity, SHAPE)
    for number in range(times):
        seen = np.full((num_envs, 1), number, np.float32)
        buffer.add(seen, np.arange(num_envs), outcome(number, num_envs))
    return buffer


def drawn(buffer: ReplayBuffer, seed: int = 0) -> dict[str, np.ndarray]:
    return buffer.sample(500, torch.Generator().manual_seed(seed))


def test_steps_stay_together() -> None:
    steps = drawn(filled(100, 3, 4))
    assert set(steps["observations"].ravel()) == {0, 1, 2, 3}
    assert np.array_equal(steps["rewards"], 10 * steps["observations"].ravel())
    assert np.array_equal(steps["next_observations"], steps["observations"] + 0.5)
    assert set(steps["actions"]) == {0, 1, 2}
    assert steps["next_allowed"].tolist() == [[True, False, True]] * 500


def test_the_oldest_give_way() -> None:
    buffer = filled(8, 3, 5)
    assert buffer.size == 8
    assert set(drawn(buffer)["observations"].ravel()) == {2, 3, 4}


def test_more_environments_than_room_are_refused() -> None:
    with pytest.raises(ValueError, match="4 environments fill more than the 3 steps"):
        filled(3, 4, 1)


def test_where_a_limit_cut_all_is_allowed_unless_it_is_said() -> None:
    cut = np.array([True, False])
    masks = np.array([[0, 0, 1], [0, 1, 0]], np.int8)
    for final, wanted in ((None, [True] * 3), (masks, [False, False, True])):
        buffer = ReplayBuffer(2, SHAPE)
        found = (
            outcome(0, 2, truncated=cut, next_masks=masks)
            if final is None
            else outcome(0, 2, truncated=cut, final_masks=final)
        )
        buffer.add(np.zeros((2, 1), np.float32), np.array([0, 1]), found)
        steps = drawn(buffer)
        of_cut = steps["next_allowed"][steps["actions"] == 0]
        assert of_cut.tolist() == [wanted] * len(of_cut)
        assert steps["next_allowed"][steps["actions"] == 1][0].tolist() == [False, True, False]


def test_the_same_seed_draws_the_same() -> None:
    buffer = filled(50, 2, 10)
    assert np.array_equal(drawn(buffer)["observations"], drawn(buffer)["observations"])
    assert not np.array_equal(drawn(buffer)["observations"], drawn(buffer, seed=1)["observations"])


@pytest.mark.parametrize("times", [2, 5])
def test_it_goes_through_a_checkpoint(times: int) -> None:
    buffer, other = filled(8, 3, times), ReplayBuffer(8, SHAPE)
    other.load(buffer.state())
    for each in (buffer, other):
        each.add(np.full((3, 1), 9, np.float32), np.arange(3), outcome(9, 3))
    assert other.size == buffer.size
    for name, array in drawn(buffer).items():
        assert np.array_equal(array, drawn(other)[name])
