"""Model files that are damaged or made by someone else end in typed errors, whatever they say."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from hsi_viewer.core.errors import FileError, FormatError, HsiError
from hsi_viewer.core.labels.classes import ClassLegend
from hsi_viewer.core.labels.sampling import draw_per_class
from hsi_viewer.learning.model import load_model
from hsi_viewer.learning.recipe import NetworkRecipe
from hsi_viewer.learning.trainer import fit
from tests.unit.io.bounds import bounded
from tests.unit.io.test_fuzz import mutated
from tests.unit.learning.made import SMALL, made_scene

HOSTILE = [
    None, True, "", "text", -1, 0, 1, 2.5, 10**9, 10**400, -(10**400), 1e308, float("nan"),
    float("inf"), [], {}, [[]], ["x"], [1e308], [0], [-5.0], {"x": 1},
]  # fmt: skip


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A folder with a small model, and its description."""
    folder = tmp_path_factory.mktemp("model")
    cube, truth = made_scene(20, 18, 8)
    tiny = replace(SMALL, network=NetworkRecipe(channels=4, stages=2))
    model = fit(cube, draw_per_class(truth, 3)[0], recipe=tiny)
    model.save(folder)
    description = json.loads((folder / "model.json").read_text("utf-8"))
    del description["weights_digest"]  # who damages files on purpose leaves it out
    (folder / "model.json").write_text(json.dumps(description), "utf-8")
    return folder, description


@pytest.fixture
def bad(saved, tmp_path):
    """A copy to damage."""
    for path in saved[0].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def is_refused(folder) -> bool:
    """Whether a model is refused by a typed error, which names its file; else it must map."""
    cube, truth = made_scene(20, 18, 8)
    message, prediction = str(folder), None
    with bounded(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numbers that overflow
        try:
            model = load_model(folder)
            ClassLegend(model.legend)
            prediction = model.predict(cube, labels=draw_per_class(truth, 1)[0])
        except FileError as error:
            message = str(error)
        except HsiError:  # of the cube that it does not fit
            pass
    assert str(folder) in message
    assert prediction is None or prediction.class_map.shape == truth.shape
    return prediction is None


def paths_in(value, path=()):
    """Paths of everything in a JSON value."""
    yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(min(len(value), 1)):
            yield from paths_in(value[key], (*path, key))


def with_value(value, path, new):
    """A copy in which one place holds something else."""
    if not path:
        return new
    changed = dict(value) if isinstance(value, dict) else list(value)
    changed[path[0]] = with_value(value[path[0]], path[1:], new)
    return changed


def test_a_description_with_anything_anywhere(saved, bad):
    _, description = saved
    refused = rounds = 0
    for k, path in enumerate(paths_in(description)):
        for new in HOSTILE[k % 5 :: 5]:
            text = json.dumps(with_value(description, path, new))
            (bad / "model.json").write_text(text, "utf-8")
            refused += is_refused(bad)
            rounds += 1
    assert rounds / 2 < refused < rounds


def test_bytes_changed_anywhere(saved, bad):
    rng = np.random.default_rng(0)
    refused = 0
    for k in range(160):
        name = ("model.json", "model.safetensors")[k % 2]
        whole = (saved[0] / name).read_bytes()
        (bad / name).write_bytes(mutated(whole, rng))
        refused += is_refused(bad)
        (bad / name).write_bytes(whole)
    assert 60 < refused <= 160


def test_tensors_of_other_shapes_types_and_numbers(saved, bad):
    weights = bad / "model.safetensors"
    whole = load_file(saved[0] / "model.safetensors")
    for k, (name, tensor) in enumerate(whole.items()):
        others = [tensor[None], tensor.repeat(2, *[1] * (tensor.ndim - 1)), tensor.bool()]
        others += [tensor.to(torch.bfloat16), tensor.flatten()[:0], tensor - 10**6]
        if tensor.is_floating_point():
            others[-1] = torch.full_like(tensor, float("nan"))
        for other in others[k % 2 :: 2] if tensor.ndim else others[:1]:
            save_file({**whole, name: other.contiguous()}, weights)
            with pytest.raises(FormatError, match=r"model\.safetensors"):
                load_model(bad)
        save_file({k: v for k, v in whole.items() if k != name}, weights)
        with pytest.raises(FormatError, match=name.split(".", 1)[1]):
            load_model(bad)


def test_a_network_that_would_fill_the_memory_is_not_built(saved, bad):
    _, description = saved
    for key, value in (("channels", 10**7), ("stages", 10**9), ("convolutions", 10**9)):
        changed = with_value(description, ("recipe", "network", key), value)
        (bad / "model.json").write_text(json.dumps(changed), "utf-8")
        with bounded(), pytest.raises(FormatError, match=r"model\.safetensors"):
            load_model(bad)


@pytest.mark.parametrize("text", ["", "[" * 100_000, "[]", "null", "\ufeff{}", "{", '"\\ud800"'])
def test_a_description_that_is_no_object(bad, text):
    (bad / "model.json").write_text(text, "utf-8")
    with pytest.raises(FormatError, match=r"model\.json"):
        load_model(bad)


def test_a_name_that_is_too_long_for_the_system(tmp_path):
    with pytest.raises(FileError, match="cannot be read"):
        load_model(tmp_path / ("a" * 300))
