"""Linear discriminant and support vector machine: maps, files, few labels, no data, cancel."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import asdict, replace

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.svm import SVC

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FileError, FormatError, LabelError, ModelError, SettingError
from hsi_viewer.core.labels.classes import LabelClass
from hsi_viewer.core.labels.sampling import draw_per_class
from hsi_viewer.core.progress import (
    CancelToken,
    Note,
    Progress,
    TaskCancelledError,
    UnlikeSpectra,
)
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.learning import pixel_model
from hsi_viewer.learning.classifiers import fit, load_model
from hsi_viewer.learning.classifiers.lda import KIND as LDA
from hsi_viewer.learning.classifiers.lda import discriminant
from hsi_viewer.learning.classifiers.svm import machine
from hsi_viewer.learning.pixel_model import WALKER
from hsi_viewer.learning.survey import TILE
from tests.unit.learning.made import Recorder, made_scene

NAMES = ("lda", "svm")
TITLES = {"lda": "Linear discriminant", "svm": "Support vector machine"}
UNREFINED = TrainingConfig(refine=False)


@pytest.fixture(params=NAMES)
def name(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def scene():
    """A made scene, its truth and six training pixels a class."""
    cube, truth = made_scene()
    return cube, truth, draw_per_class(truth, 6)[0]


@pytest.fixture(scope="module")
def models(scene):
    return {name: fit(scene[0], scene[2], classifier=name) for name in NAMES}


def test_a_map_with_probabilities(name, scene, models):
    cube, truth, training = scene
    model = models[name]
    raw = model.predict(cube, refine=False)
    refined = model.predict(cube, labels=training, refine="full")
    assert (raw.class_map == truth).mean() > 0.95
    assert (refined.class_map == truth).mean() > 0.97
    assert not np.allclose(refined.probabilities, raw.probabilities, atol=0.01)
    assert (raw.source, refined.source) == (TITLES[name], f"{TITLES[name]}, refined")
    for prediction in (raw, refined):
        np.testing.assert_allclose(prediction.probabilities.sum(axis=2), 1, atol=1e-5)
        np.testing.assert_array_equal(prediction.confidence, prediction.probabilities.max(axis=2))
        assert prediction.class_ids == model.class_ids == (2, 5, 7, 9)
    assert (model.name, model.warning) == (name, None)
    assert set(model.seconds) == {"features", "train", "predict", "refine"}


def test_a_map_is_refined_as_strongly_as_asked(name, scene, models):
    cube, _, training = scene
    found = {
        refine: models[name].predict(cube, labels=training, refine=refine)
        for refine in ("none", "weak", "full", "auto", False, True)
    }
    usual = models[name].refinement.strength
    for same in (("none", False), (usual, "auto"), (usual, True)):
        a, b = (found[refine].probabilities[training == 0] for refine in same)
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(found["auto"].class_map[training > 0], training[training > 0])
    probabilities = [found[refine].probabilities for refine in ("none", "weak", "full")]
    assert not np.allclose(probabilities[0], probabilities[1], atol=0.01)
    assert not np.allclose(probabilities[1], probabilities[2], atol=0.002)
    elsewhere = models[name].predict(cube, refine="auto")  # no label to lead the walker
    np.testing.assert_array_equal(elsewhere.probabilities, probabilities[0])
    with pytest.raises(SettingError, match="'strong'"):
        models[name].predict(cube, refine="strong")


def test_the_names_of_classes_stay_with_the_model(name, scene):
    cube, _, training = scene
    corn = LabelClass(5, "Corn", (1, 2, 3))
    model = fit(cube, training, UNREFINED, classifier=name, legend=[corn])
    assert corn in model.legend
    assert [c.id for c in model.legend] == [2, 5, 7, 9]


def test_a_saved_model_maps_alike_and_its_files_name_the_classifier(name, scene, models, tmp_path):
    cube, _, training = scene
    paths = models[name].save(tmp_path / "m")
    assert [p.name for p in paths] == ["model.safetensors", "model.json"]
    assert json.loads(paths[1].read_text("utf-8"))["classifier"] == name
    again = load_model(tmp_path / "m")
    assert (again.name, again.legend, again.config) == (
        name,
        models[name].legend,
        models[name].config,
    )
    for options in ({"refine": False}, {"labels": training}):
        np.testing.assert_array_equal(
            again.predict(cube, **options).probabilities,
            models[name].predict(cube, **options).probabilities,
        )


@pytest.mark.parametrize("classes", [2, 3, 6])
def test_scores_are_those_of_scikit_learn(classes):
    rng = np.random.default_rng(classes)
    targets = np.arange(90) % classes
    values = (rng.normal(size=(90, 7)) + targets[:, None] * 0.7).astype(np.float32)
    others = rng.normal(1, 2, (200, 7)).astype(np.float32)
    reference = SVC(C=10.0, gamma=0.1).fit(values, targets)
    ours = machine(values, targets, 10.0, 0.7, CancelToken())
    found, wanted = ours.scores(others), reference.decision_function(others)
    wanted = np.stack([-wanted, wanted], axis=1) if classes == 2 else wanted
    np.testing.assert_allclose(found, wanted, atol=1e-4)
    assert (found.argmax(axis=1) == wanted.argmax(axis=1)).all()

    priors = np.full(classes, 1 / classes)
    plain = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto", priors=priors)
    scores = discriminant(values, targets).scores(others)
    assert (scores.argmax(axis=1) == plain.fit(values, targets).predict(others)).mean() > 0.99


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_labels_are_enough(name, scene, count):
    cube, truth, _ = scene
    training, _ = draw_per_class(truth, count)
    prediction = fit(cube, training, classifier=name).predict(cube, refine=False)
    assert (prediction.class_map == truth).mean() > 0.8
    assert np.isfinite(prediction.probabilities).all()


def test_one_class_of_a_single_pixel_among_others(name, scene):
    cube, truth, training = scene
    labels = np.where(training == 9, 0, training)
    labels[-1, -1] = 9
    prediction = fit(cube, labels, classifier=name).predict(cube, refine=False)
    assert (prediction.class_map == truth).mean() > 0.9


def test_more_classes_than_half_of_the_labels(name):
    """Without a warning of scikit-learn, which takes such labels for measured values."""
    cube = HyperCube.from_array(np.random.default_rng(0).random((8, 6, 5), np.float32))
    labels = np.zeros((8, 6), np.uint16)
    labels[:4] = np.arange(24).reshape(4, 6) // 2 + 1
    model = fit(cube, labels, UNREFINED, classifier=name)
    assert len(model.class_ids) == 12
    assert model.predict(cube).confidence.max() <= 1


def test_a_scene_of_values_that_no_float_holds_is_mapped_without_a_warning(scene, models):
    huge = HyperCube.from_array(scene[0].read().astype(np.float64) * 1e300)
    for model in models.values():
        with pytest.warns(UserWarning, match="100 % .* outside the range of the scene"):
            found = model.predict(huge)
        assert np.isfinite(found.confidence).all()


def test_a_scene_in_other_units_is_outside_the_range_also_tile_by_tile(name, scene, models):
    port, multiple = Recorder(), HyperCube.from_array(scene[0].read() * 10)
    assert models[name].predict(scene[0], port=port).outside == 0
    assert not any(isinstance(item, Note) for item in port.items)
    assert models[name].predict(multiple, port=port).outside == 1
    assert [item.share for item in port.items if isinstance(item, UnlikeSpectra)] == [1]
    mapped = models[name].by_tile(multiple, "auto", "training", CancelToken())
    window = slice(3, 9), slice(4, 8)
    assert mapped.mapped(window, None, CancelToken()).strange == 1


@pytest.mark.parametrize("bands", [1, 2, 5])
def test_few_bands(name, bands):
    _, truth = made_scene()
    values = np.repeat(truth[:, :, None] * 100.0, bands, axis=2)
    values += np.random.default_rng(0).normal(0, 5, values.shape)
    cube = HyperCube.from_array(values.astype(np.float32))
    training, _ = draw_per_class(truth, 5)
    assert (fit(cube, training, classifier=name).predict(cube).class_map == truth).mean() > 0.95


def test_labels_that_are_all_the_same_spectrum(name):
    values = np.full((8, 10, 4), [4, 3, 2, 1], np.float32)
    values[:, 5:] = [1, 2, 3, 4]
    labels = np.zeros((8, 10), np.uint16)
    labels[:3, :3], labels[:3, -3:] = 1, 2
    cube = HyperCube.from_array(values)
    prediction = fit(cube, labels, classifier=name).predict(cube, refine=False)
    np.testing.assert_array_equal(prediction.class_map[0], [1] * 5 + [2] * 5)
    assert np.isfinite(prediction.probabilities).all()


def test_one_class_and_labels_of_another_shape_are_refused(name, scene):
    cube, _, training = scene
    with pytest.raises(LabelError, match="at least two classes"):
        fit(cube, (training == 5) * 5, classifier=name)
    with pytest.raises(LabelError):
        fit(cube, training[1:], classifier=name)


def test_no_data_bad_bands_and_fill_values_count_for_nothing(name, scene):
    cube, truth, training = scene
    values = cube.read()
    values[:5] = -9999.0  # that nobody declared
    values[5:7] = np.nan
    values[:, :, 3] = np.random.default_rng(1).normal(0, 1e6, truth.shape)
    good = np.ones(cube.bands, bool)
    good[3] = False
    damaged = HyperCube.from_array(values, good_bands=good, nodata=None)
    labels = training.copy()
    labels[0, :2], labels[5, 0] = 2, 5
    port = Recorder()
    model = fit(damaged, labels, classifier=name, port=port)
    prediction = model.predict(damaged, refine=False)
    assert not prediction.class_map[:7].any()
    assert not prediction.confidence[:7].any()
    assert (prediction.class_map == truth)[7:].mean() > 0.95
    notes = [i.text for i in port.items if isinstance(i, Note)]
    lost = int((labels[:7] > 0).sum())
    assert notes == [
        f"{lost} of {(labels > 0).sum()} labels lie on pixels without data and were not used."
    ]
    assert 3 not in model.features.bands


def test_another_sensor_is_resampled_and_one_that_does_not_fit_is_refused(name):
    waves = np.linspace(400, 1000, 20)
    _, truth = made_scene()
    rng = np.random.default_rng(0)

    def seen_at(wavelengths: np.ndarray) -> HyperCube:
        curves = np.sin(wavelengths / 120 + truth[:, :, None]) * 500 + 1000
        noisy = curves + rng.normal(0, 20, curves.shape)
        return HyperCube.from_array(noisy.astype(np.float32), wavelengths, name="scene")

    model = fit(seen_at(waves), draw_per_class(truth, 5)[0], UNREFINED, classifier=name)
    other = seen_at(np.linspace(395, 1005, 47))
    with pytest.warns(UserWarning, match="resampled to its 20 wavelengths"):
        mapped = model.predict(other, refine=False)
    assert (mapped.class_map == truth).mean() > 0.95
    with pytest.raises(ModelError, match="covers"):
        model.predict(seen_at(np.linspace(1200, 2400, 20)))
    with pytest.raises(ModelError, match="21 bands"):
        model.predict(HyperCube.from_array(np.ones((4, 4, 21), np.float32)))


def test_cancel_is_heeded_at_every_report(name, scene):
    cube, truth, _ = scene
    training, port = draw_per_class(truth, 3)[0], Recorder()
    fit(cube, training, classifier=name, port=port).predict(cube, port=port)
    messages = [i for i in port.items if isinstance(i, Progress)]
    assert len(messages) >= (20 if name == "svm" else 5)
    for number in range(1, len(port.items)):
        token = CancelToken()
        stopping = Recorder(token, number)
        with pytest.raises(TaskCancelledError):
            fit(cube, training, classifier=name, token=token, port=stopping).predict(
                cube, token=token, port=stopping
            )
        assert len(stopping.items) <= number + 1


class Patient(CancelToken):
    """Cancels itself after some checks."""

    def __init__(self, checks: int) -> None:
        super().__init__()
        self.left = checks

    def check(self) -> None:
        if not self.left:
            self.cancel()
        self.left -= 1
        super().check()


def test_a_machine_is_cancelled_between_its_pairs():
    values, targets = np.eye(12, dtype=np.float32), np.arange(12) % 4
    machine(values, targets, 1.0, 1.0, Patient(6))
    for pairs in range(6):
        token = Patient(pairs)
        with pytest.raises(TaskCancelledError):
            machine(values, targets, 1.0, 1.0, token)
        assert token.left == -1


def test_labels_are_held_out_by_place():
    cube, truth = made_scene()
    training = np.where(np.arange(truth.shape[1]) % 7 < 3, truth, 0)
    seen = {}

    def fitted(values, targets, *, folds, seed, token, port):
        seen.update(folds=folds, targets=targets)
        return LDA.fit(values, targets, folds=folds, seed=seed, token=token, port=port)

    pixel_model.fit_pixel_model(replace(LDA, fit=fitted), cube, training)
    folds, targets = seen["folds"], seen["targets"]
    assert (folds >= 0).mean() > 0.5
    for fold in np.unique(folds[folds >= 0]):
        assert set(targets[folds != fold]) == set(targets)


class Counted:
    """A source that notes how much is read at once."""

    def __init__(self, values: np.ndarray) -> None:
        self.values, self.shape, self.dtype = values, values.shape, values.dtype
        self.largest = 0

    def read(self, rows, columns, bands):
        window = self.values[rows, columns]
        window = np.array(window if bands is None else window[:, :, bands])
        self.largest = max(self.largest, window.shape[0] * window.shape[1])
        return window


def test_a_large_scene_is_read_tile_by_tile(name, monkeypatch):
    rows, columns = 320, 420
    truth = np.where(np.arange(columns) < 200, 1, 2)[None].repeat(rows, 0).astype(np.uint16)
    rng = np.random.default_rng(0)
    values = (truth[:, :, None] * np.arange(1, 5) + rng.normal(0, 0.1, (rows, columns, 4))).astype(
        np.float32
    )
    source = Counted(values)
    # As of a scene far beyond memory: fill values and features are sought in a sample of it.
    monkeypatch.setattr("hsi_viewer.core.cube.fill_values.WHOLE_PIXELS", 1 << 10)
    sample = replace(pixel_model.FEATURES, sample=4_000)
    monkeypatch.setattr(pixel_model, "FEATURES", sample)
    cube = HyperCube(source)
    prediction = fit(cube, draw_per_class(truth, 8)[0], classifier=name).predict(cube)
    assert (prediction.class_map == truth).mean() > 0.99
    assert source.largest <= max(TILE**2, rows * columns // 10)


def test_many_labels_are_learned_from_evenly(name, monkeypatch):
    monkeypatch.setattr(pixel_model, "MOST_PIXELS", 60)
    cube, truth = made_scene()
    port = Recorder()
    model = fit(cube, truth, UNREFINED, classifier=name, port=port)
    assert (model.predict(cube, refine=False).class_map == truth).mean() > 0.95


def test_the_same_seed_gives_the_same_map(name, scene):
    cube, _, training = scene
    first, second = (
        fit(cube, training, TrainingConfig(seed=3), classifier=name).predict(cube) for _ in range(2)
    )
    np.testing.assert_array_equal(first.probabilities, second.probabilities)


def test_a_model_is_pickled_and_copied_without_the_scene(name, scene, models):
    cube, _, training = scene
    models[name].predict(cube)
    for again in (pickle.loads(pickle.dumps(models[name])), copy.copy(models[name])):  # noqa: S301
        assert again.scenes == []
        np.testing.assert_array_equal(
            again.predict(cube, labels=training).probabilities,
            models[name].predict(cube, labels=training).probabilities,
        )
    assert models[name].scenes


# files of others -------------------------------------------------------------------------------


def test_bytes_changed_anywhere_give_a_model_or_a_clear_error(name, models, tmp_path):
    paths = models[name].save(tmp_path)
    whole = {path: path.read_bytes() for path in paths}
    rng = np.random.default_rng(0)
    refused = 0
    for number in range(120):
        path = paths[number % 2]
        data = bytearray(whole[path])
        for at in rng.integers(0, len(data), 3):
            data[at] = rng.integers(256)
        path.write_bytes(data[: rng.integers(1, len(data))] if number % 5 == 0 else data)
        try:
            load_model(tmp_path)
        except FileError as error:
            refused += "model." in str(error)  # names the file
        path.write_bytes(whole[path])
    assert refused > 60
    assert load_model(tmp_path).name == name


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("steepness", -1.0),
        ("steepness", float("inf")),
        ("class_ids", [5, 2, 7, 9]),
        ("class_ids", [2]),
        ("channels", 0),
        ("channels", 10**9),
        ("bands", 3),
        ("wavelengths", [1.0]),
        ("walker", {}),
        ("refinement", {"strength": "strong"}),
        ("refinement", {"reliability": {"full": [0.0, -1.0]}}),
        ("refinement", {"reliability": {"full": [1e9, 1.0]}}),
        ("walker", {**asdict(WALKER), "beta": -1.0}),
        ("legend", "none"),
        ("config", {"preset": "slow"}),
        ("weights_digest", "0" * 64),
        ("classifier", "sdhsi"),
        ("classifier", 7),
        ("schema", 99),
    ],
)
def test_descriptions_that_no_model_has(name, models, tmp_path, key, value):
    _, path = models[name].save(tmp_path)
    written = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**written, key: value}), "utf-8")
    with pytest.raises(FormatError, match=r"model\.(json|safetensors)"):
        load_model(tmp_path)


def test_the_files_of_one_kind_are_not_taken_for_another(models, tmp_path):
    _, path = models["lda"].save(tmp_path)
    written = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**written, "classifier": "svm"}), "utf-8")
    with pytest.raises(FormatError, match="weights are damaged or do not match"):
        load_model(tmp_path)
