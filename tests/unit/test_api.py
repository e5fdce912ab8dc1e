"""What `import hsi_viewer` offers: from files or arrays to files, and copies of models."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import hsi_viewer
from hsi_viewer.core.labels.classes import LabelClass
from hsi_viewer.core.labels.sampling import draw_per_class
from hsi_viewer.learning import trainer
from tests.unit.learning.made import SMALL, made_scene

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module", autouse=True)
def small_recipe():
    """Few steps: what is tested here is the way to the training and back."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "recipe_for", lambda config: SMALL)
        yield


@pytest.fixture(scope="module")
def scene(small_recipe):
    """A made cube, its truth, training labels, and a model of them."""
    cube, truth = made_scene()
    cube = hsi_viewer.HyperCube.from_array(cube.read(), np.linspace(400, 900, 20), "made")
    training, _ = draw_per_class(truth, 4)
    return cube, truth, training, hsi_viewer.fit(cube, training)


def test_every_name_is_there_and_explained():
    for name in set(hsi_viewer.__all__) - {"__version__"}:
        found = getattr(hsi_viewer, name)
        assert found.__name__ == name
        assert inspect.getdoc(found), name
    assert set(hsi_viewer.__all__) <= set(dir(hsi_viewer))
    with pytest.raises(AttributeError, match="absent"):
        hsi_viewer.absent  # noqa: B018


def test_the_guide_names_all_of_it():
    text = (PROJECT / "docs" / "python.md").read_text(encoding="utf-8")
    missing = [n for n in hsi_viewer.__all__ if n not in text]
    assert missing == []


def test_errors_that_can_be_caught_as_one_are_all_there():
    errors = [getattr(hsi_viewer, n) for n in hsi_viewer.__all__ if n.endswith("Error")]
    assert len(errors) == 12
    others = [e for e in errors if not issubclass(e, hsi_viewer.HsiError)]
    assert others == [hsi_viewer.TaskCancelledError]


def test_files_alone_are_enough(tmp_path, scene):
    cube, truth, training, model = scene
    np.savez(tmp_path / "scene.npz", cube=cube.read(), labels=training)
    source, labels = f"{tmp_path / 'scene.npz'}:cube", tmp_path / "scene.npz"
    again = hsi_viewer.fit(source, f"{labels}:labels")
    found = again.predict(source, labels=f"{labels}:labels")
    assert again.class_ids == model.class_ids
    assert (found.class_map == truth).mean() > 0.98


def test_an_array_is_learned_and_mapped_as_a_cube_is(scene):
    cube, truth, training, _ = scene
    array = cube.read()
    model = hsi_viewer.fit(array, training.tolist())
    from_array = model.predict(array, labels=training)
    from_cube = model.predict(hsi_viewer.HyperCube.from_array(array), labels=training)
    np.testing.assert_array_equal(from_array.class_map, from_cube.class_map)
    assert (from_array.class_map == truth).mean() > 0.98


def test_an_xarray_is_mapped_as_the_cube_is(scene):
    cube, _, _, model = scene
    data = cube.to_xarray().transpose("band", "y", "x")
    np.testing.assert_array_equal(model.predict(data).class_map, model.predict(cube).class_map)


def test_labels_of_a_file_bring_names_and_colours(tmp_path, scene):
    cube, _, training, model = scene
    legend = [LabelClass(i, f"Crop {i}", (i, 2 * i, 3 * i)) for i in model.class_ids]
    known = hsi_viewer.Prediction(training, np.ones(training.shape, np.float32), model.class_ids)
    hsi_viewer.export_prediction(known, legend, cube, tmp_path, "labels", ["envi"])
    path = tmp_path / "labels.hdr"
    assert hsi_viewer.read_labels(path).names == {i: f"Crop {i}" for i in model.class_ids}
    for labels in (path, hsi_viewer.read_labels(path), hsi_viewer.read_labels(path, cube)):
        named = hsi_viewer.fit(cube, labels, classifier="lda")
        assert [(c.name, c.colour) for c in named.legend] == [(c.name, c.colour) for c in legend]
    mine = [LabelClass(2, "Mine", (1, 1, 1))]
    own = hsi_viewer.fit(cube, path, classifier="lda", legend=mine)
    assert [c.name for c in own.legend] == ["Mine", "Crop 5", "Crop 7", "Crop 9"]


def test_labels_of_another_size_are_placed_when_told_how(tmp_path, scene):
    cube, _, training, _ = scene
    np.save(tmp_path / "small.npy", training[:30, :30])
    with pytest.raises(hsi_viewer.PlacementNeededError):
        hsi_viewer.read_labels(tmp_path / "small.npy", cube)
    placed = hsi_viewer.read_labels(str(tmp_path / "small.npy"), cube, placement="crop")
    np.testing.assert_array_equal(placed.ids[:30, :30], training[:30, :30])
    with pytest.raises(hsi_viewer.LabelError, match="40 x 36"):
        hsi_viewer.fit(cube, hsi_viewer.read_labels(tmp_path / "small.npy"))


def test_a_model_is_saved_and_loaded_by_name(tmp_path, scene):
    cube, _, _, model = scene
    model.save(str(tmp_path / "model"))
    again = hsi_viewer.load_model(str(tmp_path / "model"))
    np.testing.assert_array_equal(again.predict(cube).class_map, model.predict(cube).class_map)
    with pytest.raises(hsi_viewer.FileError, match="absent"):
        hsi_viewer.load_model(tmp_path / "absent")


def test_a_map_is_exported_with_names_by_id(tmp_path, scene):
    cube, _, _, model = scene
    found = model.predict(cube)
    names = {2: "Corn", 5: "Wheat", 7: "Oats", 9: "Woods"}
    written = hsi_viewer.export_prediction(found, names, cube.read(), str(tmp_path), formats="envi")
    assert set(written) == {"class_map.hdr", "class_map.img", "class_map.qml"}
    assert hsi_viewer.read_labels(written["class_map.hdr"]).names == names
    hsi_viewer.export_prediction(found, model.legend, cube, tmp_path / "all")
    assert {p.name for p in (tmp_path / "all").iterdir()} >= {"class_map.png", "confidence.hdr"}


def test_a_map_of_another_cube_is_not_exported(tmp_path, scene):
    cube, _, _, model = scene
    with pytest.raises(hsi_viewer.LabelError, match="40 x 36 pixels, array is 39 x 36"):
        hsi_viewer.export_prediction(model.predict(cube), {}, cube.read()[1:], tmp_path)


def test_progress_calls_a_function_and_its_error_ends_the_training(scene):
    cube, _, training, _ = scene
    items = []
    hsi_viewer.fit(cube, training, port=hsi_viewer.CallbackPort(items.append))
    kinds = {type(i) for i in items}
    assert {hsi_viewer.Progress, hsi_viewer.EpochReport, hsi_viewer.Prediction} <= kinds

    def stop(item: object) -> None:
        raise KeyError(item)

    with pytest.raises(KeyError):
        hsi_viewer.fit(cube, training, port=hsi_viewer.CallbackPort(stop))


def test_training_is_cancelled_from_another_thread(scene):
    cube, _, training, _ = scene
    token = hsi_viewer.CancelToken()

    def cancel(item: object) -> None:
        thread = threading.Thread(target=token.cancel)
        thread.start()
        thread.join()

    with pytest.raises(hsi_viewer.TaskCancelledError):
        hsi_viewer.fit(cube, training, token=token, port=hsi_viewer.CallbackPort(cancel))


COPIES = {
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),  # noqa: S301 -- our own
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("kind", COPIES)
def test_a_copy_of_a_model_leaves_the_scene_behind(kind, scene):
    cube, _, training, model = scene
    before = model.predict(cube, labels=training)
    assert model.scenes
    again = COPIES[kind](model)
    assert again.scenes == []
    assert model.scenes
    after = again.predict(cube, labels=training)
    np.testing.assert_array_equal(after.probabilities, before.probabilities)
    assert again.scenes[0] is not model.scenes[0]
    again.seconds["predict"] = -1.0
    assert model.seconds["predict"] >= 0


@pytest.mark.parametrize("name", ["lda", "svm"])
def test_other_classifiers_are_used_alike(name, scene, tmp_path):
    cube, truth, training, _ = scene
    assert name in [row.name for row in hsi_viewer.classifiers()]
    np.save(tmp_path / "cube.npy", cube.read())
    np.save(tmp_path / "labels.npy", training)
    model = hsi_viewer.fit(tmp_path / "cube.npy", tmp_path / "labels.npy", classifier=name)
    found = model.predict(str(tmp_path / "cube.npy"), labels=tmp_path / "labels.npy")
    assert (found.class_map == truth).mean() > 0.9
    assert len(repr(model)) < 120
    model.save(tmp_path / "model")
    assert hsi_viewer.load_model(tmp_path / "model").name == name
    for kind in COPIES.values():
        again = kind(model)
        assert (again.scenes, len(model.scenes)) == ([], 1)
        after = again.predict(cube.read(), labels=training)
        np.testing.assert_array_equal(after.class_map, found.class_map)


def test_an_unknown_classifier_is_refused_with_the_nearest(scene):
    with pytest.raises(hsi_viewer.SettingError, match=r"'smv'.*did you mean 'svm'"):
        hsi_viewer.fit(scene[0], scene[2], classifier="smv")


def test_what_is_no_number_or_no_such_model_is_refused_in_one_sentence(scene):
    cube, truth, training, model = scene
    with pytest.raises(hsi_viewer.SettingError, match="number of suggestions must be a whole"):
        hsi_viewer.suggest(model, cube, training, count=2.5)
    assert len(hsi_viewer.suggest(model, cube, training, count=np.int64(2))) == 2
    for place in ((2.5, 4), ("2", 4)):
        with pytest.raises(hsi_viewer.SettingError, match="A row must be a whole number"):
            hsi_viewer.explain(model, cube, *place)
    for wrong in ({"n": 2.5}, {"n": 2, "seed": -1}, {"n": 2, "seed": None}):
        with pytest.raises(hsi_viewer.SettingError, match="must be a whole number"):
            hsi_viewer.draw_per_class(truth, **wrong)
    other = hsi_viewer.fit(cube, training, classifier="lda")
    with pytest.raises(hsi_viewer.SettingError, match="must be a model of sdhsi, not of lda"):
        hsi_viewer.fit(cube, training, warm_start=other)
    with pytest.raises(hsi_viewer.SettingError, match="Linear discriminant cannot continue"):
        hsi_viewer.fit(cube, training, classifier="lda", warm_start=other)
    with pytest.raises(hsi_viewer.FileError, match="is empty"):
        hsi_viewer.open_cube("")


def test_a_pickled_model_is_as_small_as_its_files(tmp_path, scene):
    _, _, _, model = scene
    size = sum(path.stat().st_size for path in model.save(tmp_path))
    assert len(pickle.dumps(model)) < 1.5 * size


def test_a_pickled_model_maps_a_path_in_another_process(tmp_path, scene):
    cube, _, _, model = scene
    np.save(tmp_path / "cube.npy", cube.read())
    (tmp_path / "model.pickle").write_bytes(pickle.dumps(model))
    code = (
        "import pickle, sys, numpy\n"
        "model = pickle.load(open(sys.argv[1], 'rb'))\n"
        "numpy.save(sys.argv[3], model.predict(sys.argv[2]).class_map)\n"
        "assert 'sklearn' not in sys.modules, 'a second, to fit only'\n"
    )
    paths = [str(tmp_path / name) for name in ("model.pickle", "cube.npy", "map.npy")]
    subprocess.run([sys.executable, "-c", code, *paths], check=True, cwd=PROJECT)
    plain = hsi_viewer.HyperCube.from_array(cube.read())
    np.testing.assert_array_equal(np.load(paths[2]), model.predict(plain).class_map)


def test_the_representations_are_one_short_line(scene, tmp_path):
    cube, _, training, model = scene
    np.save(tmp_path / "labels.npy", training)
    labels = hsi_viewer.read_labels(tmp_path / "labels.npy")
    texts = [repr(x) for x in (cube, model, model.predict(cube), labels)]
    assert texts[0] == '<HyperCube "made": 40 x 36 x 20, float32, 400-900 nm, array>'
    assert texts[1].startswith("<TrainedModel SDHSI-Net: 4 classes, 20 bands, 400-900 nm, trained")
    assert re.match(r"<Prediction 40 x 36, 4 classes, mean confidence [01]\.", texts[2])
    assert texts[3] == '<LabelFile "labels.npy": 40 x 36, 16 labelled pixels of 4 classes>'
    placed = hsi_viewer.read_labels(tmp_path / "labels.npy", cube)
    assert repr(placed) == texts[3].replace("LabelFile", "ImportedLabels")
    report = hsi_viewer.score(model.predict(cube).class_map, training)
    assert repr(report).startswith("<AccuracyReport overall 1")
    hostile = hsi_viewer.HyperCube.from_array(cube.read(), name="a\nb\x1b[2J" + "c" * 100_000)
    assert len(repr(hostile)) < 200
    assert repr(hostile).isprintable()
