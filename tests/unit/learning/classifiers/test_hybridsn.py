"""The self-distilled HybridSN: recipe, losses, dense maps, files, cancel."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FileError, FormatError, LabelError
from hsi_viewer.core.labels.classes import LabelClass
from hsi_viewer.core.labels.sampling import draw_per_class
from hsi_viewer.core.progress import CancelToken, Note, Progress, TaskCancelledError
from hsi_viewer.core.training import EpochReport, TrainingConfig
from hsi_viewer.learning.classifiers import fit, load_model
from hsi_viewer.learning.classifiers.hybridsn_sd import TITLE
from hsi_viewer.learning.hybridsn.network import HybridNet, HybridRecipe, Outputs
from hsi_viewer.learning.hybridsn.training import components_of, loss_of, patches_of
from tests.unit.learning.made import Recorder, made_scene

NAME = "hybridsn-sd"
SMALL = HybridRecipe(components=13, side=9, epochs=2)
LEARNS = replace(SMALL, epochs=24, batch=24, rate=3e-3)


@pytest.fixture(scope="module")
def scene():
    """A made scene of few bands, its truth and six training pixels a class."""
    cube, truth = made_scene(20, 22, 8)
    return cube, truth, draw_per_class(truth, 6)[0]


@pytest.fixture(scope="module")
def model(scene):
    return fit(scene[0], scene[2], classifier=NAME, recipe=LEARNS)


def test_it_is_the_network_of_the_recipe():
    with torch.device("meta"):
        network = HybridNet(16, HybridRecipe())
    sizes = {name: tuple(values.shape) for name, values in network.named_parameters()}
    assert sizes["solid.0.weight"] == (8, 1, 7, 3, 3)
    assert sizes["solid.1.weight"] == (16, 8, 5, 3, 3)
    assert sizes["solid.2.weight"] == (32, 16, 3, 3, 3)
    assert sizes["flat.weight"] == (64, 32 * 18, 3, 3)
    assert sizes["first.weight"] == (256, 64 * 17 * 17)
    assert (sizes["second.weight"], sizes["out.weight"]) == ((128, 256), (16, 128))
    assert [sizes[f"students.{i}.hidden.0.weight"][1] for i in range(4)] == [8, 16, 32, 64]
    assert sum(p.numel() for p in network.parameters()) == 5_344_448


def test_a_map_with_probabilities(scene, model):
    cube, truth, training = scene
    raw, refined = model.predict(cube, refine=False), model.predict(cube, labels=training)
    assert (raw.class_map == truth).mean() > 0.8
    assert (raw.source, refined.source) == (TITLE, f"{TITLE}, refined")
    assert not np.allclose(refined.probabilities, raw.probabilities, atol=0.01)
    for prediction in (raw, refined):
        np.testing.assert_allclose(prediction.probabilities.sum(axis=2), 1, atol=1e-5)
        assert prediction.class_ids == model.class_ids == (2, 5, 7, 9)
    assert (model.name, model.warning) == (NAME, None)
    assert set(model.seconds) == {"features", "train", "predict", "refine"}


def test_the_map_of_a_scene_is_that_of_its_patches(scene, model, monkeypatch):
    cube = scene[0]
    everywhere = np.arange(cube.rows * cube.columns)
    patches = patches_of(model.scenes[0], model.axes, everywhere, 4, CancelToken())
    with torch.inference_mode():
        logits = model.network(patches).logits[-1]
    wanted = functional.softmax(logits, dim=1).reshape(cube.rows, cube.columns, -1)
    for side in (64, 7):  # whole, and in tiles that the scene isn't a multiple of
        monkeypatch.setattr("hsi_viewer.learning.classifiers.hybridsn_sd.TILE", side)
        found = model.predict(cube, refine=False).probabilities
        np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_beyond_the_scene_and_without_data_patches_are_zero(scene):
    values = scene[0].read()
    values[3, 4] = np.nan
    gap = HyperCube.from_array(values)
    mapped = fit(gap, scene[2], classifier=NAME, recipe=replace(SMALL, epochs=1))
    found, valid, _ = components_of(mapped.scenes[0], mapped.axes, slice(0, 8), slice(0, 10), 2)
    assert found.shape == (13, 12, 14)
    assert not found[:, :2].any()
    assert not found[:, :, :2].any()
    assert found[:8, 2:, 2:].any(axis=0).sum() == 10 * 12 - 1
    assert not found[8:].any()  # the scene has no more than eight components
    assert (~valid).nonzero() == (np.array([3]), np.array([4]))
    assert mapped.predict(gap, refine=False).class_map[3, 4] == 0


def outputs(seed: int) -> Outputs:
    generator = torch.Generator().manual_seed(seed)
    logits = [torch.randn(6, 3, generator=generator, requires_grad=True) for _ in range(3)]
    features = [torch.randn(6, 4, generator=generator, requires_grad=True) for _ in range(3)]
    return Outputs(logits, features)


def test_the_loss_is_the_sum_that_the_recipe_says():
    said, y = outputs(0), torch.tensor([0, 1, 2, 0, 1, 2])
    recipe = HybridRecipe(hint=0.5)
    *students, final = said.logits
    wanted = functional.cross_entropy(final, y)
    teacher = functional.softmax(final / 5, dim=1)
    for z, f in zip(students, said.features, strict=False):
        student = functional.softmax(z / 5, dim=1)
        kl = (teacher * (teacher / student).log()).sum(dim=1).mean()
        gap = f / f.norm(dim=1, keepdim=True)
        gap = gap - said.features[-1] / said.features[-1].norm(dim=1, keepdim=True)
        wanted = wanted + 0.8 * functional.cross_entropy(z, y) + 0.1 * 25 * kl
        wanted = wanted + 0.5 * (gap**2).sum(dim=1).mean()
    torch.testing.assert_close(loss_of(said, y, recipe), wanted)


@pytest.mark.parametrize(("divergence", "hint"), [(0.0, 0.0), (0.1, 0.0), (0.0, 0.5)])
def test_what_a_student_is_taught_does_not_teach_the_final_output(divergence, hint):
    said, y = outputs(1), torch.tensor([0, 1, 2, 0, 1, 2])
    loss_of(said, y, HybridRecipe(divergence=divergence, hint=hint)).backward()
    alone = outputs(1)
    functional.cross_entropy(alone.logits[-1], y).backward()
    torch.testing.assert_close(said.logits[-1].grad, alone.logits[-1].grad)
    assert said.features[-1].grad is None
    assert (said.features[0].grad is not None) == (hint > 0)
    supervised = outputs(1)
    (0.8 * functional.cross_entropy(supervised.logits[0], y)).backward()
    same = torch.allclose(said.logits[0].grad, supervised.logits[0].grad)
    assert same == (divergence == 0)


def test_dropout_leaves_out_a_share_and_keeps_the_mean():
    network = HybridNet.initialised(3, SMALL, 0)
    patches = torch.randn(2, 13, 9, 9, generator=torch.Generator().manual_seed(0))
    still = network(patches).logits[-1]
    torch.testing.assert_close(network(patches).logits[-1], still)
    generator = torch.Generator().manual_seed(0)
    seen = torch.stack([network(patches, generator).logits[-1] for _ in range(40)])
    assert (seen.std(dim=0) > 0).all()
    assert (seen.mean(dim=0) - still).abs().max() < 3 * seen.std(dim=0).max()


def test_weights_begin_within_the_bounds_of_torch_and_reach_them():
    network = HybridNet.initialised(3, SMALL, seed=0)
    layers = [m for m in network.modules() if isinstance(getattr(m, "weight", None), Tensor)]
    assert len(layers) > 8
    for layer in layers:
        bound = layer.weight[0].numel() ** -0.5
        assert 0.9 * bound < layer.weight.abs().max() <= bound
        assert layer.bias.abs().max() <= bound


def test_the_rate_falls_along_half_a_cosine_epoch_by_epoch(scene, monkeypatch):
    rates, step = [], torch.optim.AdamW.step

    def noted(optimiser, *arguments):
        rates.append(optimiser.param_groups[0]["lr"])
        return step(optimiser, *arguments)

    monkeypatch.setattr(torch.optim.AdamW, "step", noted)
    cube, _, training = scene
    recipe = replace(SMALL, epochs=4, batch=16)
    fit(cube, training, classifier=NAME, recipe=recipe)
    wanted = recipe.rate * (1 + np.cos(np.pi * np.arange(4) / 4)) / 2
    np.testing.assert_allclose(rates, np.repeat(wanted, 2))  # 24 pixels are two batches


def test_reports_of_every_epoch_and_the_same_seed(scene):
    cube, _, training = scene
    state, maps = torch.get_rng_state(), []
    for _ in range(2):
        port = Recorder()
        trained = fit(
            cube, training, TrainingConfig(seed=3), classifier=NAME, recipe=SMALL, port=port
        )
        maps.append(trained.predict(cube, refine=False).probabilities)
    np.testing.assert_array_equal(*maps)
    assert torch.equal(torch.get_rng_state(), state)  # the global generator belongs to others
    epochs = [i for i in port.items if isinstance(i, EpochReport)]
    assert [(e.epoch, e.epochs, len(e.exit_accuracy)) for e in epochs] == [(1, 2, 5), (2, 2, 5)]
    told = [i for i in port.items if isinstance(i, Progress) and i.fraction is not None]
    shares = [i.fraction for i in told if i.message == "Training the network"]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_cancel_is_heeded_at_every_report(scene):
    cube, _, training = scene
    recipe = replace(SMALL, epochs=1, batch=12)
    port = Recorder()
    fit(cube, training, classifier=NAME, recipe=recipe, port=port).predict(cube, port=port)
    for number in range(1, len(port.items)):
        token = CancelToken()
        stopping = Recorder(token, number)
        with pytest.raises(TaskCancelledError):
            fit(cube, training, classifier=NAME, recipe=recipe, token=token, port=stopping).predict(
                cube, token=token, port=stopping
            )
        assert len(stopping.items) <= number + 2


def test_labels_that_cannot_be_learned_from(scene):
    cube, _, training = scene
    with pytest.raises(LabelError, match="at least two classes"):
        fit(cube, (training == 5) * 5, classifier=NAME)
    values, labels = cube.read(), training.copy()
    values[:3] = np.nan
    labels[0, :2] = 2
    port = Recorder()
    gap = HyperCube.from_array(values)
    found = fit(gap, labels, classifier=NAME, recipe=replace(SMALL, epochs=1), port=port)
    lost, total = int((labels[:3] > 0).sum()), int((labels > 0).sum())
    notes = [i.text for i in port.items if isinstance(i, Note)]
    assert notes == [f"{lost} of {total} labels lie on pixels without data and were not used."]
    assert not found.predict(gap, refine=False).class_map[:3].any()


def test_one_band_and_one_label_a_class():
    _, truth = made_scene(20, 22, 8)
    values = truth[:, :, None].astype(np.float32)
    cube, labels = HyperCube.from_array(values), draw_per_class(truth, 1)[0]
    found = fit(cube, labels, classifier=NAME, recipe=SMALL).predict(cube)
    assert np.isfinite(found.probabilities).all()


# files -----------------------------------------------------------------------------------------


def test_a_saved_model_maps_alike(scene, model, tmp_path):
    cube, _, training = scene
    paths = model.save(tmp_path)
    assert json.loads(paths[1].read_text("utf-8"))["classifier"] == NAME
    again = load_model(tmp_path)
    assert (again.name, again.legend, again.config, again.recipe) == (
        NAME, model.legend, model.config, LEARNS,
    )  # fmt: skip
    for copied in (again, pickle.loads(pickle.dumps(model)), copy.copy(model)):  # noqa: S301
        assert copied.scenes == []
        np.testing.assert_array_equal(
            copied.predict(cube, labels=training).probabilities,
            model.predict(cube, labels=training).probabilities,
        )
    assert model.scenes


def test_the_names_of_classes_stay_with_the_model(scene):
    corn = LabelClass(5, "Corn", (1, 2, 3))
    named = fit(scene[0], scene[2], classifier=NAME, recipe=replace(SMALL, epochs=1), legend=[corn])
    assert corn in named.legend


def test_files_that_are_damaged_are_refused(scene, model, tmp_path):
    paths = model.save(tmp_path)
    text = paths[1].read_text("utf-8")
    written = json.loads(text)
    recipe = written["recipe"]
    for key, value in (
        ("recipe", {**recipe, "side": 10**9}),
        ("recipe", {**recipe, "side": 11}),
        ("recipe", {**recipe, "side": 7}),
        ("recipe", {**recipe, "components": 12}),
        ("recipe", {**recipe, "components": 10**9}),
        ("recipe", {**recipe, "more": 1}),
        ("class_ids", [5, 2, 7, 9]),
        ("class_ids", [2, 5, 7]),
        ("channels", 10**9),
        ("walker", {}),
        ("classifier", "lda"),
        ("weights_digest", "0" * 64),
    ):
        paths[1].write_text(json.dumps({**written, key: value}), "utf-8")
        with pytest.raises(FormatError, match=r"model\.(json|safetensors)"):
            load_model(tmp_path)
    paths[1].write_text(text, "utf-8")
    weights = paths[0].read_bytes()
    paths[0].write_bytes(weights[:-100])
    with pytest.raises(FileError, match=r"model\.safetensors"):
        load_model(tmp_path)
