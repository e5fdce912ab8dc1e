"""What a model's description may hold: each number at the ends of its range and beyond."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from hsi_viewer.core.errors import FormatError
from hsi_viewer.core.labels.sampling import draw_per_class
from hsi_viewer.learning.checkpoint_schema import features_of, network_of
from hsi_viewer.learning.described_facts import OLDEST, SCHEMA
from hsi_viewer.learning.model_description import parse_description
from hsi_viewer.learning.trainer import fit
from hsi_viewer.learning.voice_files import voices_of
from tests.unit.learning.made import SMALL, made_scene
from tests.unit.learning.test_hostile_models import with_value

FILE = Path("model.json")


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A description and its tensors."""
    folder = tmp_path_factory.mktemp("described")
    cube, truth = made_scene(20, 18, 8)
    fit(cube, draw_per_class(truth, 3)[0], recipe=SMALL).save(folder)
    description = json.loads((folder / "model.json").read_text("utf-8"))
    return description, load_file(folder / "model.safetensors")


def described(description, *path_and_value):
    description = {"temperature": 1.0, **description}  # of models with one voice
    if path_and_value:
        *path, value = path_and_value
        description = with_value(description, tuple(path), value)
    return parse_description(json.dumps(description).encode(), FILE)


def fitted(tensors, description):
    """The features of a file, and its voices, which fit them."""
    features = features_of(tensors, description.channels, description.sigmas, description.bands)
    return features, voices_of(tensors, features, description)


WALKER = ("recipe", "walker")


@pytest.mark.parametrize(
    ("path", "right", "wrong", "name"),
    [
        (("class_ids",), [[1, 2, 3, 65535]], [[], [0, 1], [1, 65536], [2, 1], [1, 1]], "class_ids"),
        (("sigmas",), [[0.0, 1000.0]], [[], [-0.1], [1000.1]], "sigmas"),
        (("wavelengths",), [None, [1.0] * 8], [[], [1.0] * 7, [1.0] * 9], "wavelengths"),
        (("temperature",), [1e-3, 100.0], [0.0, -1.0, 100.5], "temperature|numbers"),
        ((*WALKER, "beta"), [0.0, 100.0], [-0.5, 101.0], "numbers of the walker"),
        ((*WALKER, "gamma"), [0.0, 100.0], [-0.5, 101.0], "numbers of the walker"),
        ((*WALKER, "seed_weight"), [0.0, 100.0], [-0.5, 101.0], "numbers of the walker"),
        ((*WALKER, "doubt"), [-100.0, 100.0], [-101.0, 101.0], "numbers of the walker"),
        ((*WALKER, "assurance"), [-100.0, 100.0], [-101.0, 101.0], "numbers of the walker"),
        ((*WALKER, "guides"), [1], [0, -1], "guides"),
        (("config", "seed"), [0, 2**32 - 1], [-1, 2**32], "seed"),
        (("format",), [], ["another", None], "Train it again"),
        (("schema",), [], [OLDEST - 1, str(SCHEMA), 10**6, True], "Train it again"),
        (
            ("schema",),
            [],
            [SCHEMA + 1, 999_999],
            "saved by a newer HSI Viewer .* Update HSI Viewer, or train",
        ),
    ],
)
def test_numbers_end_where_they_should(saved, path, right, wrong, name):
    for value in right:
        description = described(saved[0], *path, value)
        for key in path:
            description = getattr(description, key)
        assert description == (tuple(value) if isinstance(value, list) else value)
    for value in wrong:
        with pytest.raises(FormatError, match=rf"model\.json.*({name})"):
            described(saved[0], *path, value)


def test_what_a_description_leaves_out_changes_nothing(saved):
    optional = ("temperature", "pool", "pool_elsewhere", "scene_digest", "usual_distance")
    text = json.dumps({key: v for key, v in saved[0].items() if key not in optional})
    found = parse_description(text.encode(), FILE)
    left_out = [getattr(found, key) for key in optional]
    assert left_out == [1.0, None, None, "", None]


def test_a_recipe_says_no_more_and_no_less(saved):
    for part in ("features", "walker"):
        whole = saved[0]["recipe"][part]
        with pytest.raises(FormatError, match="recipe"):
            described(saved[0], "recipe", part, {**whole, "more": 1})
        less = {k: v for k, v in whole.items() if k not in ("components", "guides")}
        with pytest.raises(FormatError, match="recipe"):
            described(saved[0], "recipe", part, less)


def test_a_legend_names_each_class_once_in_colours_of_bytes(saved):
    first, *rest = saved[0]["legend"]
    for colour in ([0, 255, 0], [255, 0, 255]):
        assert described(saved[0], "legend", [{**first, "colour": colour}]).legend[0].colour == (
            tuple(colour)
        )
    for legend in ([first, first, *rest], [{**first, "colour": [0, 256, 0]}, *rest],
                   [{**first, "colour": [-1, 0, 0]}, *rest]):  # fmt: skip
        with pytest.raises(FormatError, match="legend"):
            described(saved[0], "legend", legend)


@pytest.mark.parametrize(
    ("bands", "refused"),
    [([0, 1, 2, 3, 4, 5, 6, 7], False), ([0, 1, 2, 3, 4, 5, 6, 8], True),
     ([-1, 1, 2, 3, 4, 5, 6, 7], True), ([0, 1, 1, 3, 4, 5, 6, 7], True),
     ([0, 2, 1, 3, 4, 5, 6, 7], True)],
)  # fmt: skip
def test_bands_in_use_ascend_within_the_cube(saved, bands, refused):
    description = described(saved[0])
    tensors = {**saved[1], "features.bands": torch.tensor(bands)}
    if refused:
        with pytest.raises(ValueError, match="not of 8 bands"):
            fitted(tensors, description)
    else:
        assert fitted(tensors, description)[0].bands.tolist() == bands


@pytest.mark.parametrize("name", ["features.spread", "features.scales"])
def test_nothing_is_divided_by_zero(saved, name):
    tensors = {**saved[1], name: saved[1][name].clone()}
    tensors[name][1] = 0
    with pytest.raises(ValueError, match="divided by 0"):
        fitted(tensors, described(saved[0]))


def test_channels_are_scales_times_components(saved):
    description = described(saved[0])
    assert description.channels == 2 * saved[1]["features.components"].shape[1]
    for channels in (description.channels + 1, 1, 0):
        with pytest.raises(ValueError, match=f"cannot give {channels} channels"):
            fitted(saved[1], described(saved[0], "channels", channels))


def test_a_tensor_of_another_shape_or_another_type_is_refused(saved):
    description = described(saved[0])
    name, where = "features.strength", saved[1]["features.strength"]
    for other in (where[:-1], where[None], where.double()):
        with pytest.raises(ValueError, match=rf"{name} is .*was expected"):
            fitted({**saved[1], name: other.contiguous()}, description)
    weight = "network.heads.0.weight"
    with pytest.raises(ValueError, match=r"heads.0.weight is .*was expected"):
        network_of({**saved[1], weight: saved[1][weight][:-1]}, description)
    variance = next(k for k in saved[1] if k.endswith("running_var"))
    for value in (-1e-3, float("nan")):
        bad = saved[1][variance].clone()
        bad[0] = value
        with pytest.raises(ValueError, match="contains values that are not numbers"):
            network_of({**saved[1], variance: bad}, description)
    zero = {**saved[1], variance: torch.zeros_like(saved[1][variance])}
    assert not network_of(zero, description).training
    assert np.isfinite(saved[1][variance].numpy()).all()
