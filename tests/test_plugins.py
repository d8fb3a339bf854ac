"""Agents of files and of installed packages, in the form that HDeepRM has always had."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hdeeprm.agents import Agent, agent_from_options, load_agent
from hdeeprm.env import WorkloadManagementEnv
from hdeeprm.errors import AgentError, OptionsError
from hdeeprm.experiment import run_experiment
from hdeeprm.options import load_options
from hdeeprm.playing import Decisions, play
from scenarios import JOBS, make, options, selection

torch = pytest.importorskip("torch")

from hdeeprm import agent as api  # noqa: E402  (it imports torch)

ROOT = Path(__file__).parents[1]
AGENT_FILES = sorted((Path(__file__).parent / "agent_files").glob("*.py"))
EXAMPLE = ROOT / "examples" / "agent.py"
PAIRS = selection("first-high_gflops", "shortest-low_power", void=True, observation="minimal")

IMPORTS = "import torch\nfrom torch import nn\nfrom hdeeprm.agent import *\n"
"""Three lines: what follows begins on line 4."""

Write = Callable[[str], Path]


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes an agent file: the usual imports, then the given lines."""

    def written(text: str) -> Path:
        path = tmp_path / "agent.py"
        path.write_text(IMPORTS + textwrap.dedent(text), encoding="utf-8")
        return path

    return written


def built(path: Path, jobs: Any = None, **overrides: Any) -> tuple[WorkloadManagementEnv, Any]:
    """The environment and the agent of a file."""
    sections = {"env": PAIRS, "agent": {"file": str(path), "hidden": 8}}
    env = make(options(jobs, **{**sections, **overrides}))
    return env, agent_from_options(env.experiment_options, env)


def under_test(path: Path, **agent: Any) -> tuple[WorkloadManagementEnv, Any]:
    return built(path, agent={"file": str(path), "hidden": 8, "run": "test", **agent})


def trained(env: WorkloadManagementEnv, agent: Any, episodes: int, lr: float = 0.005) -> Decisions:
    """The last of a number of episodes, after each of which the agent learns as the original's did."""
    optimizer = torch.optim.Adam(agent.parameters(), lr)
    for episode in range(episodes):
        decisions = play(env, agent, None if episode else 1)
        loss = agent.loss()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return decisions


def problem_of(action: Callable[[], Any]) -> str:
    """Message of the AgentError that an action ends with, which is one line."""
    with pytest.raises(AgentError) as caught:
        action()
    message = str(caught.value)
    assert "\n" not in message
    return message


# Files as they have always been


@pytest.mark.parametrize("path", [*AGENT_FILES, EXAMPLE], ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_file_of_the_original_form_runs_unchanged(path: Path) -> None:
    env, agent = built(path)
    decisions = play(env, agent, 1)
    num_decisions = len(decisions.actions)
    assert num_decisions == len(agent.rewards) == len(agent.log_probs)
    assert agent.rewards == decisions.records["reward"].tolist()
    assert len(getattr(agent, "values", agent.rewards)) == num_decisions
    before = [parameter.detach().clone() for parameter in agent.parameters()]
    trained(env, agent, 2)
    after = list(agent.parameters())
    assert not any(torch.equal(old, new) for old, new in zip(before, after, strict=True))
    assert len(agent.rewards) == len(agent.log_probs)  # of the last episode alone


@pytest.mark.parametrize("path", [*AGENT_FILES, EXAMPLE], ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_run_under_test_is_deterministic_and_keeps_nothing(path: Path) -> None:
    env, agent = under_test(path)
    runs = [play(env, agent, 1) for _ in range(3)]
    assert len({run.records.tobytes() for run in runs}) == 1
    assert agent.log_probs == getattr(agent, "values", []) == []
    again_env, again = under_test(path)
    assert play(again_env, again, 1).actions.tolist() == runs[0].actions.tolist()


def test_the_seed_of_the_options_draws_the_first_weights() -> None:
    def weights(seed: int) -> Any:
        return next(built(EXAMPLE, seed=seed)[1].parameters())

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


def test_the_example_learns_the_shorter_makespan() -> None:
    env = WorkloadManagementEnv(
        load_options(ROOT / "examples" / "learning.json", {"agent.file": str(EXAMPLE)})
    )
    agent = agent_from_options(env.experiment_options, env)
    first = play(env, agent, 1).first_probabilities
    last = trained(env, agent, 600).first_probabilities
    assert first is not None and last is not None
    apart = [env.actions.names.index(f"{job}-high_mem_bw") for job in ("shortest", "first")]
    assert first[apart].sum() < 0.5 < 0.9 < last[apart].sum()


def test_a_run_of_an_agent_file_under_test(tmp_path: Path) -> None:
    shutil.copy(EXAMPLE, tmp_path / "mine.py")
    content = options(env=PAIRS, agent={"file": "mine.py", "run": "test"})
    (tmp_path / "options.json").write_text(json.dumps(content), encoding="utf-8")
    run = run_experiment(load_options(tmp_path / "options.json"), tmp_path / "run")
    assert json.loads((run.directory / "run.json").read_bytes())["status"] == "complete"


def test_a_run_whose_agent_raises_is_marked_failed(tmp_path: Path, write: Write) -> None:
    path = write(
        """\
        class Fails(Agent):
            def decide(self, observation):
                raise RuntimeError("tired")
        """
    )
    chosen = load_options(options(agent={"file": str(path), "type": "CLASSIC"}))
    with pytest.raises(AgentError, match="tired"):
        run_experiment(chosen, tmp_path / "run")
    state = json.loads((tmp_path / "run" / "run.json").read_bytes())
    assert state["status"] == "failed"
    assert state["reason"].startswith(f"{path}:6: Fails failed at 0 s: RuntimeError: tired")


@pytest.mark.parametrize(
    ("method", "failed"),
    [
        (
            "def __init__(self, *sizes):\n    sys.exit(3)",
            "(gamma, hidden, action_size, observation_size) failed",
        ),
        ("def forward_policy(self, observation):\n    sys.exit(3)", " failed at 0 s"),
        ("def observe(self, environment):\n    sys.exit(3)", " failed at 0 s"),
        ("def decide(self, observation, action_mask):\n    sys.exit(3)", " failed at 0 s"),
        ("def begin(self, environment):\n    sys.exit(3)", " failed at 0 s"),
        ("def preferences(self, observation, mask):\n    sys.exit(3)", " failed at 0 s"),
        ("def train(self, mode=True):\n    sys.exit(3)", ".train failed"),
    ],
)
def test_an_agent_that_leaves_the_program_names_the_line(write: Write, method: str, failed: str) -> None:
    head = "import sys\nclass Leaves(PolicyLearningAgent):\n"
    network = (
        "    def __init__(self, gamma, hidden, actions, size):\n        super().__init__(gamma)\n"
        "        self.layer = nn.Linear(size, actions)\n"
        "    def forward_policy(self, observation):\n"
        "        return torch.softmax(self.layer(observation), dim=1)\n"
    )
    path = write(head + network + textwrap.indent(method, "    "))
    found = problem_of(lambda: play(*built(path), 1))
    assert found.startswith(f"{path}:12: Leaves{failed}: SystemExit: 3; correct it")


def test_an_error_without_a_text_is_told_by_its_kind(write: Write) -> None:
    path = write(
        """\
        class Silent(Exception):
            def __str__(self):
                raise ValueError("no text")

        class Fails(Agent):
            def decide(self, observation):
                raise Silent
        """
    )
    found = problem_of(lambda: play(*built(path, agent={"file": str(path), "type": "CLASSIC"}), 1))
    assert found.startswith(f"{path}:10: Fails failed at 0 s: Silent; correct it")


def test_a_train_that_returns_nothing_is_as_good(write: Write) -> None:
    path = write(
        """\
        class Quiet(PolicyLearningAgent):
            def __init__(self, gamma, hidden, action_size, observation_size):
                super().__init__(gamma)
                self.layer = nn.Linear(observation_size, action_size)
            def train(self, mode=True):
                super().train(mode)
            def forward_policy(self, observation):
                return torch.softmax(self.layer(observation), dim=1)
        """
    )
    assert len(play(*under_test(path), 1).actions) > 0


@pytest.mark.parametrize("answer", ["[0.5, 0.5]", "[[0.2, 0.3, 0.5]]", "0.5"])
def test_preferences_are_a_number_for_each_action(write: Write, answer: str) -> None:
    path = write(
        f"""\
        class Prefers(Agent):
            def decide(self, observation):
                return 0
            def preferences(self, observation, mask):
                return {answer}
        """
    )
    found = problem_of(lambda: play(*built(path, agent={"file": str(path), "type": "CLASSIC"}), 1))
    assert found.startswith(f"{path}:7: Prefers.preferences returned an array of the shape (")


# The classes that files are derived from


def test_the_names_of_the_api() -> None:
    assert sorted(api.__all__) == [
        "Agent",
        "ClassicAgent",
        "LearningAgent",
        "PolicyLearningAgent",
        "ValueLearningAgent",
    ]
    assert all(getattr(api, name).__doc__ for name in api.__all__)


class Fixed(api.PolicyLearningAgent):
    """Answers given probabilities."""

    def __init__(self, probabilities: list[float]) -> None:
        super().__init__(gamma=0.5)
        self.weights = torch.nn.Parameter(torch.tensor(probabilities))

    def forward_policy(self, observation: Any) -> Any:
        assert observation.shape == (1, 3)
        assert observation.dtype == torch.float32
        return self.weights.unsqueeze(0)


SEEN = np.array([0.1, 0.2, 0.3], np.float32)


def test_rewards_are_discounted_and_scaled() -> None:
    agent = Fixed([1.0])
    agent.rewards = [1.0, 2.0, 4.0]
    to_go = np.array([1 + 0.5 * (2 + 0.5 * 4), 2 + 0.5 * 4, 4])
    expected = (to_go - to_go.mean()) / to_go.std(ddof=1)
    transformed = agent.transform_rewards()
    assert type(transformed) is list
    assert transformed == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("rewards", "expected"), [([], []), ([3.0], [3.0]), ([2.0] * 4, None)])
def test_rewards_that_cannot_be_scaled(rewards: list[float], expected: list[float] | None) -> None:
    agent = api.PolicyLearningAgent(gamma=0.0)
    agent.rewards = rewards
    assert agent.transform_rewards() == (pytest.approx([0] * 4) if expected is None else expected)


def test_the_losses_are_those_of_the_documentation() -> None:
    class Both(api.PolicyLearningAgent, api.ValueLearningAgent):
        pass

    agent = Both(0.9)
    agent.save_log_prob(torch.tensor([-1.0]))
    agent.save_log_prob(torch.tensor([-2.0]))
    agent.save_value(torch.tensor([[0.5]]))
    agent.save_value(torch.tensor([[3.0]]))
    assert [float(loss) for loss in agent.policy_loss([2.0, -1.0])] == [2.0, -2.0]
    losses = agent.value_loss([1.0, 1.0])
    assert [float(loss) for loss in losses] == [0.5 * 0.5**2, 2.0 - 0.5]  # below 1 squared, beyond it linear
    assert torch.stack(losses).shape == (2,)
    agent.rewards = [1.0, 0.0]
    scaled = agent.transform_rewards()
    assert float(agent.loss()) == pytest.approx(1.0 * scaled[0] + 2.0 * scaled[1])
    assert float(api.ValueLearningAgent.loss(agent)) == pytest.approx(float(sum(agent.value_loss(scaled))))


def test_an_action_is_drawn_by_its_probability() -> None:
    torch.manual_seed(0)
    agent = Fixed([0.2, 0.0, 0.8])
    actions = [agent.decide(SEEN) for _ in range(2000)]
    assert abs(actions.count(0) - 400) < 90  # five standard deviations
    assert 1 not in actions
    logs = {action: log_prob.item() for action, log_prob in zip(actions, agent.log_probs, strict=True)}
    assert logs == pytest.approx({0: np.log(0.2), 2: np.log(0.8)})
    assert type(actions[0]) is int


def test_masked_actions_are_left_out() -> None:
    torch.manual_seed(0)
    agent, mask = Fixed([0.2, 0.2, 0.6]), np.array([1, 1, 0], np.int8)
    assert {agent.decide(SEEN, mask) for _ in range(50)} == {0, 1}
    assert all(log_prob.item() == pytest.approx(np.log(0.5)) for log_prob in agent.log_probs)
    assert agent.preferences(SEEN, mask) == pytest.approx([0.5, 0.5, 0])


def test_allowed_actions_without_any_probability_are_equally_likely() -> None:
    torch.manual_seed(0)
    agent, mask = Fixed([0.0, 0.0, 1.0]), np.array([1, 1, 0], np.int8)
    assert {agent.decide(SEEN, mask) for _ in range(50)} == {0, 1}


def test_out_of_training_the_most_probable_allowed_action_is_taken() -> None:
    agent = Fixed([0.2, 0.5, 0.3])
    assert agent.preferences(SEEN, np.ones(3, np.int8)) is None
    agent.eval()
    assert {agent.decide(SEEN) for _ in range(20)} == {1}
    assert agent.decide(SEEN, np.array([1, 0, 1], np.int8)) == 2
    assert agent.log_probs == []


def test_forget_clears_what_an_episode_left() -> None:
    env, agent = built(AGENT_FILES[0])
    agent.sizes = [1, 2]
    play(env, agent, 1)
    agent.sizes.append(3)  # as an agent that keeps a list of its own would
    agent.forget()
    assert agent.rewards == agent.log_probs == agent.values == []
    assert agent.sizes == [1, 2]


def test_what_is_not_defined_is_said() -> None:
    agent = api.PolicyLearningAgent(0.9)
    with pytest.raises(NotImplementedError, match="PolicyLearningAgent defines no forward_policy"):
        agent.decide(SEEN)
    with pytest.raises(NotImplementedError, match="Fixed defines no loss"):
        api.LearningAgent.loss(Fixed([1.0]))


# process and forward: one step by two names


class Network(Fixed):
    """Its forward is the network, as PyTorch has it."""

    def forward(self, batch: Any) -> Any:
        assert batch.shape == (1, 3)
        return self.weights.unsqueeze(0)

    def forward_policy(self, observation: Any) -> Any:
        return self(observation)


class NoOperation(Fixed):
    def forward(self, *inp: Any) -> None:
        pass


class OwnProcess(Fixed):
    def process(self, observation: Any) -> Any:
        return super().process(np.array([observation[0]] * 3, np.float32)) * self.weights


class OwnForward(Fixed):
    def forward(self, observation: Any) -> Any:
        return super().forward(observation) * self.weights


class OnlyForward(api.PolicyLearningAgent):
    def forward(self, observation: Any) -> Any:
        assert observation.shape == (3,)
        return torch.tensor([[0.04, 0.25, 0.09]])


class OnlyProcess(api.PolicyLearningAgent):
    def process(self, observation: Any) -> Any:
        return torch.tensor([[0.04, 0.25, 0.09]])

    def forward(self, *inp: Any) -> None:
        pass


class ProcessCallsForward(Fixed):
    """A helper of 0.3's that happens to have 0.2's name."""

    def decide(self, observation: Any) -> int:
        return self.get_action(self.process(observation))

    def process(self, observation: Any) -> Any:
        return self.forward(observation) * self.weights


class DecideCallsForward(Fixed):
    """Calls by one name what it defines by the other."""

    def decide(self, observation: Any) -> int:
        return self.get_action(self.forward(observation))

    def process(self, observation: Any) -> Any:
        return super().process(observation) * self.weights


ONCE, SQUARED = np.array([0.2, 0.5, 0.3]), np.array([0.04, 0.25, 0.09]) / 0.38


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Network, ONCE),
        (NoOperation, ONCE),
        (OwnProcess, SQUARED),
        (OwnForward, SQUARED),
        (OnlyForward, SQUARED),
        (OnlyProcess, SQUARED),
        (ProcessCallsForward, SQUARED),
        (DecideCallsForward, SQUARED),
    ],
)
def test_process_and_forward_are_the_same_step(kind: type[Any], expected: Any) -> None:
    agent = kind(ONCE.tolist()) if issubclass(kind, Fixed) else kind(0.9)
    for _ in range(2):
        agent.decide(SEEN)
        assert agent.preferences(SEEN, None) == pytest.approx(expected)
    assert len(agent.log_probs) == 2


@pytest.mark.parametrize("name", ["process", "forward"])
def test_the_step_of_each_base_can_be_called(name: str) -> None:
    class Both(api.PolicyLearningAgent, api.ValueLearningAgent):
        def forward_policy(self, observation: Any) -> Any:
            return torch.ones(1, 2)

        def forward_value(self, observation: Any) -> Any:
            return observation.sum().reshape(1, 1)

        def decide(self, observation: Any) -> int:
            self.save_value(getattr(api.ValueLearningAgent, name)(self, observation))
            return self.get_action(getattr(api.PolicyLearningAgent, name)(self, observation))

    agent = Both(0.9)
    agent.decide(SEEN)
    assert float(agent.values[0]) == pytest.approx(0.6)


# Masks


def test_a_decide_without_a_mask_that_gets_its_action_from_the_base_is_asked_once() -> None:
    asked = []

    class Own(api.PolicyLearningAgent):
        def decide(self, observation: Any) -> int:
            asked.append(observation)
            return self.get_action(torch.tensor([[0.0, 0.0, 1.0]]))  # void, which is masked

    env = make(options([JOBS[0]], env=PAIRS))
    assert play(env, Own(0.9), 1).actions[0] in (0, 1)
    assert len(asked) == 1


def test_what_was_saved_for_refused_answers_is_taken_back() -> None:
    class Stubborn(api.PolicyLearningAgent, api.ValueLearningAgent):
        """Draws without the base's help."""

        num_asked = 0

        def __init__(self) -> None:
            super().__init__(0.9)
            self.entropies: list[float] = []

        def decide(self, observation: Any) -> int:
            self.num_asked += 1
            self.save_value(torch.zeros(1, 1))
            self.save_log_prob(torch.zeros(1))
            self.entropies.append(0.0)
            return 2 if self.num_asked % 4 else 0

    agent = Stubborn()
    play(make(options([JOBS[0]], env=PAIRS)), agent, 1)
    lengths = {len(items) for items in (agent.values, agent.log_probs, agent.entropies, agent.rewards)}
    assert (agent.num_asked, lengths) == (4, {1})


# Networks that answer something else


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("torch.ones(1, 4)", r"a tensor of shape (1, 4); the probabilities of 3 actions are wanted"),
        ("torch.ones(3, 1)", r"a tensor of shape (3, 1)"),
        ("torch.tensor([[0.5, float('nan'), 0.5]])", "NaN or infinite probabilities"),
        ("torch.tensor([[0.5, float('inf'), 0.5]])", "NaN or infinite probabilities"),
        ("torch.tensor([[0.5, -0.25, 0.75]])", "a negative probability, -0.25"),
        ("torch.zeros(1, 3)", "probabilities that are all 0"),
        ("[0.5, 0.2, 0.3]", "a list; a tensor of probabilities"),
        ("None", "a NoneType; a tensor of probabilities"),
    ],
)
def test_what_are_no_probabilities_is_said(write: Write, answer: str, message: str) -> None:
    path = write(
        f"""\
        class Wrong(PolicyLearningAgent):
            def __init__(self, gamma, hidden, action_size, observation_size):
                super().__init__(gamma)
            def forward_policy(self, observation):
                return {answer}
        """
    )
    found = problem_of(lambda: play(*built(path), 1))
    assert found.startswith(f"{path}:7: Wrong.forward_policy answered {message}")


def test_a_network_of_another_input_names_the_line(write: Write) -> None:
    path = write(
        """\
        class Wrong(PolicyLearningAgent):
            def __init__(self, gamma, hidden, action_size, observation_size):
                super().__init__(gamma)
                self.layer = nn.Linear(observation_size + 1, action_size)
            def forward_policy(self, observation):
                return torch.softmax(self.layer(observation), dim=1)
        """
    )
    found = problem_of(lambda: play(*built(path), 1))
    assert found.startswith(f"{path}:9: Wrong failed at 0 s: RuntimeError: mat1 and mat2 shapes cannot be")


def test_a_policy_without_forward_policy_names_the_class(write: Write) -> None:
    path = write(
        "class Empty(PolicyLearningAgent):\n    def __init__(self, *sizes):\n        super().__init__(1)\n"
    )
    found = problem_of(lambda: play(*built(path), 1))
    assert found.startswith(
        f"{path}:5: Empty failed at 0 s: NotImplementedError: Empty defines no forward_policy"
    )


# Files that are no agents


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "{path}: defines no agent class; derive one from hdeeprm.agent's PolicyLearningAgent"),
        (b"x = 1\nclass A:\n  pass\n", "{path}: defines no agent class"),
        (b"from hdeeprm.agent import ClassicAgent\n", "{path}: defines no agent class"),
        (b"x = 1\ndef f(:\n", "{path}:2: is not Python: "),
        (b"\nreturn\n", "{path}:2: is not Python: 'return' outside function"),
        (b"x = '\xff'\n", "{path}:1: is not Python: (unicode error)"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "{path}"),
        (b"(" * 5000, "{path}"),
        (b"\n\nimport nothing_of_this_name\n", "{path}:3: cannot be loaded: ModuleNotFoundError: No module"),
        (
            b"from hdeeprm.agent import Nothing\n",
            "{path}:1: cannot be loaded: ImportError: cannot import name",
        ),
        (b"def f():\n  return 1 / 0\n\nf()\n", "{path}:2: cannot be loaded: ZeroDivisionError"),
        (b"import sys\nsys.exit('enough')\n", "{path}:2: cannot be loaded: SystemExit: enough; correct it"),
        (b"import json\njson.loads('{')\n", "{path}:2: cannot be loaded: JSONDecodeError"),
    ],
)
def test_a_file_that_defines_no_agent(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "agent.py"
    path.write_bytes(content)
    assert problem_of(lambda: load_agent(path)).startswith(message.format(path=path))


def test_a_missing_file_a_directory_and_a_device(tmp_path: Path) -> None:
    assert "no such file; name a Python file" in problem_of(lambda: load_agent(tmp_path / "agent.py"))
    assert "is a directory" in problem_of(lambda: load_agent(tmp_path))
    assert "is no regular file" in problem_of(lambda: load_agent("/dev/null"))
    assert "cannot be read" in problem_of(lambda: load_agent("agent\0.py"))


def test_two_agents_in_a_file_are_named_with_their_lines(write: Write) -> None:
    path = write("class One(ClassicAgent):\n    pass\n\nclass Two(ClassicAgent):\n    pass\n")
    assert problem_of(lambda: load_agent(path)) == (
        f"{path}: defines 2 agent classes, One (line 4) and Two (line 7); keep one of them in a file"
    )


def test_a_base_and_an_alias_are_no_second_agent(write: Write) -> None:
    path = write("class Base(ClassicAgent):\n    pass\n\nclass Mine(Base):\n    pass\n\nAlias = Mine\n")
    assert load_agent(path).__name__ == "Mine"


def test_a_file_imports_what_lies_beside_it_and_not_what_lies_beside_another(tmp_path: Path) -> None:
    lines = (
        "from sizes import SIZE",
        "from hdeeprm.agent import *",
        "class Mine(ClassicAgent):",
        " size = SIZE",
    )
    path_before = list(sys.path)
    for size in (1, 2):
        folder = tmp_path / str(size)
        folder.mkdir()
        (folder / "sizes.py").write_text(f"SIZE = {size}\n", encoding="utf-8")
        (folder / "agent.py").write_text("\n".join(lines), encoding="utf-8")
        assert vars(load_agent(folder / "agent.py"))["size"] == size
    assert sys.path == path_before


def test_a_file_takes_the_place_of_no_module(tmp_path: Path) -> None:
    path = tmp_path / "json.py"
    path.write_text("from hdeeprm.agent import *\nclass Mine(ClassicAgent):\n    pass\n", encoding="utf-8")
    load_agent(path)
    assert sys.modules["json"] is json


# Constructors


def test_a_constructor_that_takes_other_arguments(write: Write) -> None:
    path = write(
        """\
        class Narrow(PolicyLearningAgent):
            def __init__(self, gamma):
                super().__init__(gamma)
        """
    )
    assert problem_of(lambda: built(path)) == (
        f"{path}:5: Narrow cannot be built as Narrow(gamma, hidden, action_size, observation_size): too many "
        "positional arguments; let its constructor take these arguments"
    )


def test_a_constructor_that_raises(write: Write) -> None:
    path = write(
        """\
        class Broken(PolicyLearningAgent):
            def __init__(self, gamma, hidden, action_size, observation_size):
                self.layer = nn.Linear(observation_size, action_size)
        """
    )
    found = problem_of(lambda: built(path))
    assert found.startswith(
        f"{path}:6: Broken(gamma, hidden, action_size, observation_size) failed: Attribute"
    )


def test_a_seed_that_pytorch_does_not_take(write: Write) -> None:
    with pytest.raises(OptionsError, match=r"^seed: an integer from 0 to 18446744073709551615 is wanted"):
        built(EXAMPLE, seed=2**64)
    built(EXAMPLE, seed=2**64 - 1)
    with pytest.raises(OptionsError, match="1180591620717411303424 was given"):
        built(EXAMPLE, seed=2**70, agent={"name": "ppo"})


def test_an_agent_that_does_not_decide(write: Write) -> None:
    path = write(
        "class Mute(ValueLearningAgent):\n    def __init__(self, *sizes):\n        super().__init__(1)\n"
    )
    assert "Can't instantiate abstract class Mute" in problem_of(lambda: built(path))


def test_the_constructor_is_told_the_options(write: Write) -> None:
    path = write(
        """\
        class Told(PolicyLearningAgent):
            def __init__(self, gamma, hidden, action_size, observation_size):
                super().__init__(gamma)
                self.told = (gamma, hidden, action_size, observation_size)
        """
    )
    _, agent = built(path, agent={"file": str(path), "gamma": 0.5, "hidden": 7})
    assert agent.told == (0.5, 7, 3, 21)


def test_a_classic_agent_of_a_file_gets_a_pair(write: Write) -> None:
    path = write(
        """\
        class Mine(ClassicAgent):
            def __init__(self, policy_pair):
                super().__init__(policy_pair)
        """
    )
    env, agent = built(path, agent={"file": str(path), "type": "CLASSIC"})
    assert agent.policy_pair == "first-high_gflops"
    assert set(play(env, agent, 1).actions.tolist()) == {0}


# Entry points


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Lays out a package as an installer would: a module, its metadata and its entry points."""

    def installed(package: str, source: str, **entry_points: str) -> None:
        folder = tmp_path / package
        metadata = folder / f"{package}-1.5.dist-info"
        metadata.mkdir(parents=True)
        (folder / f"{package}.py").write_text(source, encoding="utf-8")
        lines = "".join(f"{name.replace('_', '-')} = {value}\n" for name, value in entry_points.items())
        (metadata / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.5\n", encoding="utf-8"
        )
        (metadata / "entry_points.txt").write_text(f"[hdeeprm.agents]\n{lines}", encoding="utf-8")
        monkeypatch.syspath_prepend(folder)
        packages.append(package)

    packages: list[str] = []
    yield installed
    for package in packages:
        sys.modules.pop(package, None)


def named(name: str, **agent: Any) -> Agent:
    env = make(options(env=PAIRS, agent={"name": name, **agent}))
    return agent_from_options(env.experiment_options, env)


def test_an_agent_of_an_installed_package(install: Callable[..., None]) -> None:
    install("fine_agents", EXAMPLE.read_text("utf-8"), very_fine="fine_agents:ReinforceAgent")
    agent = named("very-fine", type="LEARNING", hidden=5)
    assert type(agent).__module__ == "fine_agents"
    assert agent.network[0].out_features == 5  # type: ignore[attr-defined]


def test_a_classic_agent_of_an_installed_package(install: Callable[..., None]) -> None:
    source = (
        "from hdeeprm.agent import Agent\nclass Zero(Agent):\n    def decide(self, seen):\n        return 0\n"
    )
    install("zero_agents", source, zero="zero_agents:Zero")
    assert type(named("zero", type="CLASSIC")).__name__ == "Zero"


@pytest.mark.parametrize(
    ("source", "value", "message"),
    [
        ("1 / 0", "{}:Mine", "cannot be loaded: ZeroDivisionError: division by zero; correct or uninstall"),
        ("", "{}:Mine", "cannot be loaded: AttributeError"),
        ("", "nothing_of_this_name:Mine", "cannot be loaded: ModuleNotFoundError"),
        ("Mine = int", "{}:Mine", "is no agent class; derive it from hdeeprm.agent's"),
        ("Mine = 3", "{}:Mine", "is no agent class"),
    ],
)
def test_a_broken_entry_point_names_its_package(
    install: Callable[..., None], source: str, value: str, message: str
) -> None:
    install("broken_agents", source, broken=value.format("broken_agents"))
    found = problem_of(lambda: named("broken", type="LEARNING"))
    assert found.startswith("entry point hdeeprm.agents 'broken' of broken_agents 1.5: ")
    assert message in found


def test_two_packages_that_offer_the_same_name_are_named(install: Callable[..., None]) -> None:
    install("one_agents", "", same="one_agents:Mine")
    install("two_agents", "", same="two_agents:Mine")
    found = problem_of(lambda: named("same", type="LEARNING"))
    assert found == "the agent 'same' is offered by one_agents 1.5 and two_agents 1.5; uninstall all but one"
