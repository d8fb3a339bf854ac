"""Model files of Stable-Baselines3, read without unpickling anything."""

from __future__ import annotations

import importlib
import json
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from gymnasium.spaces import Box, Discrete
from torch import Tensor, nn

from hdeeprm.errors import AgentError, DependencyNotInstalled

_POLICIES = {
    "sb3_contrib.common.maskable.policies": "MaskableActorCriticPolicy",
    "stable_baselines3.common.policies": "ActorCriticPolicy",
    "stable_baselines3.dqn.policies": "DQNPolicy",
}
"""What "MlpPolicy" is in MaskablePPO, in PPO and A2C, and in DQN, by the module that files name."""
_ACTIVATIONS = {kind.__name__: kind for kind in (nn.Tanh, nn.ReLU, nn.ELU, nn.LeakyReLU, nn.GELU, nn.SiLU)}
_CURE = "load the model with Stable-Baselines3, if you trust its file, and give it to SB3Agent"

Weights = Mapping[str, Tensor]


def read_policy(path: Path) -> Any:
    """The policy of a model file, ready to predict.

    Raises:
        AgentError: If it is no such file, or its policy is none of fully connected layers.
        DependencyNotInstalled: If it is of sb3-contrib, which is not installed.
    """
    facts, weights = _contents(path)
    try:
        module = facts["policy_class"]["__module__"]
        name = _POLICIES[module]  # no other module is imported
        kind = getattr(importlib.import_module(module), name)
        policy = _built(kind, weights, facts.get("policy_kwargs", {}))
        policy.load_state_dict(weights)
    except ModuleNotFoundError as error:
        raise DependencyNotInstalled(
            f"{path}: needs sb3-contrib; install it with: pip install sb3-contrib"
        ) from error
    except (LookupError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        raise AgentError(
            f'{path}: holds no "MlpPolicy" of MaskablePPO, PPO, A2C or DQN with layers that can be told from '
            f"the weights ({' '.join(str(error).split())[:200]}); {_CURE}"
        ) from error
    policy.set_training_mode(False)
    return policy


def _contents(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """What a file says of its model, and the weights."""
    try:
        with zipfile.ZipFile(path) as archive:
            facts = json.loads(archive.read("data"))
            with archive.open("policy.pth") as stored:
                weights = torch.load(stored, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise AgentError(f"{path}: there is no such file") from None
    except Exception as error:  # garbage makes it raise nearly anything
        text = " ".join(str(error).split())[:200]
        raise AgentError(
            f"{path}: is no model file of Stable-Baselines3 ({text}); name one that model.save wrote"
        ) from error
    if not isinstance(facts, dict) or not isinstance(weights, dict):
        raise AgentError(f"{path}: is no model file of Stable-Baselines3; name one that model.save wrote")
    return facts, weights


def _built(kind: Any, weights: Weights, arguments: Mapping[str, Any]) -> Any:
    """A policy of a class with the layers that the weights have."""
    networks = {"pi": "mlp_extractor.policy_net", "vf": "mlp_extractor.value_net"}
    layers: Any = {name: _units(weights, prefix) for name, prefix in networks.items()}
    first, last = "mlp_extractor.policy_net.0.weight", "action_net.weight"
    if "q_net.q_net.0.weight" in weights:
        units = _units(weights, "q_net.q_net")
        layers, first = units[:-1], "q_net.q_net.0.weight"
        num_actions = units[-1]
    else:
        first = first if first in weights else last  # without hidden layers
        num_actions = len(weights[last])
    sizes = Box(0.0, 1.0, (weights[first].shape[1],)), Discrete(num_actions)
    return kind(*sizes, lambda _: 0.0, net_arch=layers, **_activation(arguments))


def _units(weights: Weights, prefix: str) -> list[int]:
    """Units of each layer of a sequence of layers."""
    found = {
        int(match[1]): name for name in weights if (match := re.fullmatch(rf"{prefix}\.(\d+)\.weight", name))
    }
    return [len(weights[found[place]]) for place in sorted(found)]


def _activation(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The activation function that a file names beside what is pickled; the policy's own by default."""
    if "activation_fn" not in arguments:
        return {}
    name = str(arguments["activation_fn"]).removesuffix("'>").rpartition(".")[2]
    return {"activation_fn": _ACTIVATIONS[name]}
