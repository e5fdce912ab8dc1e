"""What descriptions of the other classifiers may hold: each number at its ends and beyond."""

from __future__ import annotations

import dataclasses
import json

import pytest

from hsi_viewer.core.errors import FormatError
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.learning.classifiers import fit, load_model
from hsi_viewer.learning.hybridsn.files import NAME, load_hybrid
from hsi_viewer.learning.hybridsn.network import HybridRecipe
from hsi_viewer.learning.pixel_refinement import Refinement
from hsi_viewer.learning.recipe import PRESETS, WalkerRecipe, recipe_for
from hsi_viewer.learning.voices.pool import Pool, Share
from tests.unit.learning.made import made_scene
from tests.unit.learning.test_hostile_models import with_value


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The folder of a linear discriminant, and its description without the digest."""
    folder = tmp_path_factory.mktemp("bounds")
    cube, truth = made_scene(10, 12, 5)
    fit(cube, truth, TrainingConfig(refine=False), classifier="lda").save(folder)
    description = json.loads((folder / "model.json").read_text("utf-8"))
    return folder, description | {"weights_digest": ""}


def written(saved, description) -> str:
    """The folder with another description."""
    (saved[0] / "model.json").write_text(json.dumps(description), "utf-8")
    return saved[0]


@pytest.mark.parametrize(
    ("path", "right", "wrong", "name"),
    [
        (("steepness",), [1e-9, 1e6], [0.0, -1.0, 1.0001e6], "steepness"),
        (("channels",), [], [0, -1], "channels"),
        (("class_ids",), [], [[2], []], "class"),
        (("refinement", "reliability"), [{"weak": [1e6, 1e6]}, {}],
         [{"weak": [1.1e6, 1.0]}, {"full": [-1.1e6, 1.0]}, {"full": [0.0, 0.0]},
          {"full": [0.0, 1.1e6]}], "refinement"),
        (("walker", "guides"), [1], [0], "guides"),
        (("walker", "beta"), [0.0, 100.0], [-0.1, 100.1], "numbers of the walker"),
        (("scale",), [1e-3], [0.0, -2.0], "scale"),
        (("offset",), [-5.0], [], "scale"),
        (("config", "seed"), [2**32 - 1], [2**32], "seed"),
        (("wavelengths",), [None, [1.0, 2.0, 3.0, 4.0, 5.0]], [[1.0] * 4], "wavelengths"),
    ],
)  # fmt: skip
def test_numbers_of_a_classifier_of_spectra_end_where_they_should(saved, path, right, wrong, name):
    for value in right:
        load_model(written(saved, with_value(saved[1], path, value)))
    for value in wrong:
        with pytest.raises(FormatError, match=rf"damaged: .*{name}"):
            load_model(written(saved, with_value(saved[1], path, value)))


def test_a_walker_has_no_more_and_no_less(saved):
    walker = saved[1]["walker"]
    less = {k: v for k, v in walker.items() if k != "beta"}
    for other in (walker | {"more": 1}, less):
        with pytest.raises(FormatError, match="invalid: walker"):
            load_model(written(saved, saved[1] | {"walker": other}))
    older = {k: v for k, v in saved[1].items() if k != "refinement"}
    assert load_model(written(saved, older)).refinement == Refinement("full", {})


@pytest.mark.parametrize(
    ("key", "right", "wrong"),
    [
        ("components", [13, 1000], [12, 1001]),
        ("side", [9, 25, 99], [7, 8, 26, 101]),
        ("more", [], [1]),
    ],
)
def test_numbers_of_a_hybrid_network_end_where_they_should(saved, key, right, wrong):
    recipe = dataclasses.asdict(HybridRecipe())
    hybrid = {k: v for k, v in saved[1].items() if k not in ("refinement", "steepness")}
    hybrid |= {"classifier": NAME, "recipe": recipe}
    for value in right:  # the description is sound, and the weights are those of another
        with pytest.raises(FormatError, match="weights are damaged or do not match"):
            load_hybrid(written(saved, with_value(hybrid, ("recipe",), recipe | {key: value})))
    name = "recipe" if key == "more" else key
    for value in wrong:
        with pytest.raises(FormatError, match=f"damaged: invalid: {name}"):
            load_hybrid(written(saved, with_value(hybrid, ("recipe",), recipe | {key: value})))
    for field, value in (("classifier", "lda"), ("class_ids", [2]), ("channels", 0)):
        with pytest.raises(FormatError, match=r"damaged: invalid: (class|channels)"):
            load_hybrid(written(saved, {**hybrid, field: value}))


def test_what_a_refinement_changes_where_it_was_judged():
    found = Refinement("weak", {"weak": (0.5, 2.0)})
    assert found.reliable_at("weak") == (0.5, 2.0)
    assert found.reliable_at("full") == found.reliable_at("none") == (0.0, 1.0)
    assert Refinement().strength == "full"
    assert found.is_sound


SHARES = {"bands": Share(0.25, 1.0), "pixels": Share(0.75, 2.0), "surroundings": Share(0.0, 1.0)}


@pytest.mark.parametrize(
    ("walker", "unrefined", "by_strength"),
    [
        ("weak", (0.5, 2.0), {"none": (0.5, 2.0), "weak": (0.1, 3.0), "full": (0.1, 3.0)}),
        ("none", (0.5, 2.0), {"none": (0.1, 3.0), "weak": (0.0, 1.0), "full": (0.0, 1.0)}),
        ("weak", None, {"none": (0.1, 3.0), "full": (0.1, 3.0)}),
    ],
)
def test_confidence_of_a_pool_is_made_reliable_as_it_was_judged(walker, unrefined, by_strength):
    pool = Pool(SHARES, walker, 1.0, 0.1, 3.0, unrefined)
    assert {s: pool.reliability(s) for s in by_strength} == by_strength
    assert pool.heard == ("bands", "pixels")
    assert pool.is_sound


@pytest.mark.parametrize(
    ("changes", "sound"),
    [
        ({}, True),
        ({"shares": {"bands": Share(1.0, 1.0)}}, True),
        ({"shares": {"bands": Share(0.9991, 1.0)}}, True),
        ({"shares": {"bands": Share(0.998, 1.0)}}, False),
        ({"shares": {"bands": Share(1.1, 1.0), "pixels": Share(-0.1, 1.0)}}, False),
        ({"offset": -1e6, "slope": 1e6, "temperature": 1e-6}, True),
        ({"offset": 1.1e6}, False),
        ({"unrefined": (-1.1e6, 1.0)}, False),
        ({"unrefined": (0.0, 0.0)}, False),
        ({"slope": 0.0}, False),
        ({"slope": 1.1e6}, False),
        ({"temperature": 0.9e-6}, False),
        ({"shares": {"bands": Share(1.0, 1.1e6)}}, False),
        ({"temperature": 1.1e6}, False),
    ],
)
def test_numbers_of_a_pool_end_where_they_should(changes, sound):
    parts = {"shares": SHARES, "walker": "weak"} | changes
    assert Pool(**parts).is_sound == sound


def test_the_recipes_of_the_presets():
    fast, best = recipe_for(TrainingConfig()), recipe_for(TrainingConfig(preset="best"))
    assert (fast.training.steps, best.training.steps) == (150, 200)
    assert (fast.distillation.mode, best.distillation.mode) == ("none", "refined_rounds")
    assert fast.walker == best.walker == WalkerRecipe()
    chosen = recipe_for(TrainingConfig(distillation="mutual"))
    assert chosen.distillation.mode == "mutual"
    assert dataclasses.replace(chosen, distillation=fast.distillation) == fast
    assert set(PRESETS) == {"fast", "best"}
