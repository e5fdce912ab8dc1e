"""One model of several scenes: bands, classes and brightness brought together, scenes held out."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hsi_viewer.cli.program import main
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.joined import GAP, joined, joined_labels
from hsi_viewer.core.errors import FormatError
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.io.writers.cube_writer import write_cube
from hsi_viewer.jobs import train as train_module
from hsi_viewer.jobs.report.names import HTML, JSON, PDF
from hsi_viewer.learning.several_scenes import TrainingScenes
from hsi_viewer.learning.spatial_folds import half_folds, spatial_folds
from tests.unit.cli.schemas import fitting
from tests.unit.jobs.digits import decimals
from tests.unit.learning.made import made_scene

ROWS, COLUMNS, BANDS = 24, 20, 12
WAVES = np.linspace(450.0, 900.0, BANDS)


def labels_of(truth, every=4):
    out = np.zeros_like(truth)
    out[1::every, 1::every] = truth[1::every, 1::every]
    return out


@pytest.fixture
def three(tmp_path):
    """Three scenes of the same classes and their labels on the disk; the truth of each."""
    truths = []
    for k, name in enumerate("abc"):
        cube, truth = made_scene(ROWS, COLUMNS, BANDS)
        rng = np.random.default_rng(k)
        values = cube.read() + rng.normal(0, 0.01, cube.shape).astype(np.float32)
        written = HyperCube.from_array(values, wavelengths=WAVES)
        write_cube(written, tmp_path / f"{name}.hdr")
        np.save(tmp_path / f"{name}.npy", labels_of(truth))
        truths.append(truth)
    return tmp_path, truths


def arguments(folder, names="abc", *more):
    cubes = [str(folder / f"{n}.hdr") for n in names]
    labels = [str(folder / f"{n}.npy") for n in names]
    return ["train", *cubes, "--labels", *labels, "--classifier", "lda", "--output",
            str(folder / "out"), *more]  # fmt: skip


def test_a_model_of_three_scenes_maps_each_and_tells_how_it_maps_a_new_one(three, capsys):
    folder, truths = three
    assert main(arguments(folder, "abc", "--json", "--quiet")) == 0
    report = fitting(capsys.readouterr().out, "train")
    assert [s["scene"] for s in report["held_out"]["scenes"]] == ["a.img", "b.img", "c.img"]
    assert report["held_out"]["overall"] > 0.9
    assert report["standardise"] == "training"
    assert report["scenes"][0]["train_pixels"] == np.count_nonzero(labels_of(truths[0]))
    done = ["apply", str(folder / "out"), str(folder / "b.hdr"), "--output", str(folder / "map")]
    assert main([*done, "--quiet"]) == 0
    assert (np.load(folder / "map" / "class_map.npy") == truths[1]).mean() > 0.9


def test_labels_on_pixels_without_data_are_not_counted(three, capsys, monkeypatch):
    """As in the report of a single scene; here b lacks its first rows, and c is as labelled."""
    tried = {"training": 2 / 3, "scene": 1 / 3}
    monkeypatch.setattr(train_module, "chosen_standardisation", lambda each, _: (each, tried))
    folder, truths = three
    values = np.array(made_scene(ROWS, COLUMNS, BANDS)[0].read())
    values[:8] = -9999.0
    write_cube(HyperCube.from_array(values, wavelengths=WAVES, nodata=-9999.0), folder / "b.hdr")
    assert main(arguments(folder, "bc", "--json", "--quiet")) == 0
    report = fitting(capsys.readouterr().out, "train")
    wanted = [np.count_nonzero(labels_of(truths[1])[8:]), np.count_nonzero(labels_of(truths[2]))]
    assert [s["train_pixels"] for s in report["scenes"]] == wanted
    assert report["standardise_tried"] == {"training": 0.6667, "scene": 0.3333}


def test_a_scene_that_changes_while_it_is_learned_from_is_told(three, capsys, monkeypatch):
    folder, _ = three

    def then_written_again(scenes, _token):
        os.utime(folder / "b.img", ns=(1, 1))
        return scenes, {"training": 1.0, "scene": 1.0}

    monkeypatch.setattr(train_module, "chosen_standardisation", then_written_again)
    assert main(arguments(folder, "ab", "--json", "--quiet")) == 0
    told = fitting(capsys.readouterr().out, "train")["warnings"]
    assert any(text.startswith("b.img changed meanwhile: the result may mix") for text in told)


def test_scenes_of_other_brightness_are_standardised_each_by_itself(three, capsys):
    folder, _ = three
    cube, _ = made_scene(ROWS, COLUMNS, BANDS)
    values = cube.read() * 3.0 + 5000
    write_cube(HyperCube.from_array(values, wavelengths=WAVES), folder / "b.hdr")
    assert main(arguments(folder, "ab", "--json", "--quiet")) == 0
    report = fitting(capsys.readouterr().out, "train")
    assert report["standardise"] == "scene"
    assert report["standardise_tried"]["scene"] > report["standardise_tried"]["training"] + 0.2
    assert report["held_out"]["overall"] > 0.9
    assert decimals(report["seconds"]) <= 3
    assert any("--standardise scene" in text for text in report["warnings"])


def test_bands_of_another_sensor_are_resampled(three, capsys):
    folder, _ = three
    cube, _ = made_scene(ROWS, COLUMNS, BANDS)
    finer = np.linspace(445.0, 905.0, 2 * BANDS)
    values = np.apply_along_axis(lambda v: np.interp(finer, WAVES, v), 2, cube.read())
    write_cube(
        HyperCube.from_array(values, wavelengths=finer),
        folder / "b.hdr",
    )
    assert main(arguments(folder, "ab", "--json", "--quiet", "--overwrite")) == 0
    assert fitting(capsys.readouterr().out, "train")["held_out"]["overall"] > 0.9


def test_scenes_without_labels_or_with_too_few_files_are_refused(three, capsys):
    folder, _ = three
    lacking = arguments(folder, "ab")
    lacking.remove(str(folder / "b.npy"))
    assert main(lacking) == 1
    assert "2 scenes and 1 file of labels" in capsys.readouterr().err
    np.save(folder / "b.npy", np.zeros((ROWS, COLUMNS), np.uint16))
    assert main(arguments(folder, "ab")) == 1
    assert "no pixel is labelled; leave out this scene" in capsys.readouterr().err
    assert not (folder / "out").exists()


def test_a_scene_that_is_there_twice_does_not_judge_itself(three, capsys):
    folder, truths = three
    for ending in ("hdr", "img"):
        (folder / f"c.{ending}").write_bytes((folder / f"a.{ending}").read_bytes())
    np.save(folder / "c.npy", np.roll(labels_of(truths[0]), 1, axis=0))
    assert main(arguments(folder, "ac", "--json", "--quiet")) == 0
    report = fitting(capsys.readouterr().out, "train")
    assert report["held_out"] is None  # the copy has seen it
    assert any("c.img has the values of a.img" in text for text in report["warnings"])


def test_copies_among_the_others_are_still_told_when_a_scene_is_held_out():
    one, truth = made_scene(ROWS, COLUMNS, BANDS)
    other = HyperCube.from_array(one.read() + 1)
    scenes = TrainingScenes.of([one, other, other], [labels_of(truth)] * 3)
    assert scenes.first_of == (0, 1, 1)
    assert scenes.without(0).first_of == (0, 0)
    assert len(scenes.without(0).repeated) == 1
    assert scenes.without(2).cubes == (scenes.cubes[0],)


def test_scenes_of_bands_that_cannot_be_matched_are_told_apart(three, capsys):
    folder, _ = three
    cube, _ = made_scene(ROWS, COLUMNS, BANDS)
    narrow = HyperCube.from_array(cube.read(), wavelengths=np.linspace(500.0, 800.0, BANDS))
    write_cube(narrow, folder / "b.hdr")
    assert main(arguments(folder, "ab", "--quiet")) == 1
    error = capsys.readouterr().err
    assert "b.img covers 500-800 nm. All scenes are matched with a.img, the first: put" in error
    assert "train on this cube" not in error
    assert main(arguments(folder, "ba", "--quiet")) == 0


def test_joined_cubes_hold_each_scene_and_nothing_between():
    one = HyperCube.from_array(np.arange(24.0).reshape(2, 3, 4), nodata=5.0)
    other = HyperCube.from_array(np.arange(60, dtype=np.int16).reshape(3, 5, 4), scale=0.5)
    whole = joined([one, other], "both")
    values = whole.read()
    assert values.shape == (2 + GAP + 3, 5, 4)
    assert np.isnan(values[0, 1, 1])
    np.testing.assert_array_equal(values[:2, :3][~np.isnan(values[:2, :3])],
                                  one.read()[one.read() != 5.0])  # fmt: skip
    assert np.isnan(values[:2, 3:]).all()
    assert np.isnan(values[2 : 2 + GAP]).all()
    np.testing.assert_array_equal(values[-3:], other.read() * 0.5)
    part = whole.read(slice(1, None, 3), slice(1, 5, 2), [3, 0])
    np.testing.assert_array_equal(part, values[1::3, 1:5:2][:, :, [3, 0]])
    ids = joined_labels([np.ones((2, 3), np.uint16), np.full((3, 5), 2, np.uint16)])
    assert ids.shape == values.shape[:2]
    assert (np.count_nonzero(ids == 1), np.count_nonzero(ids == 2)) == (6, 15)
    with pytest.raises(FormatError, match="same bands"):
        joined([one, replace(other, source=HyperCube.from_array(np.ones((2, 2, 3))).source,
                             good_bands=np.ones(3, bool))], "both")  # fmt: skip


@pytest.mark.parametrize("folds", [spatial_folds, half_folds])
def test_folds_hold_out_whole_scenes(folds):
    rng = np.random.default_rng(0)
    first_rows = (0, 100, 200)
    rows = np.concatenate([top + rng.integers(0, 40, 30) for top in first_rows])
    pixels = np.unique(rows * 50 + rng.integers(0, 50, rows.size))
    targets = rng.integers(0, 3, pixels.size)
    found = folds(pixels, targets, 50, joined_at=first_rows)
    scene = np.searchsorted(first_rows, pixels // 50, side="right") - 1
    assert found.too_few is None
    assert all(len(np.unique(found.folds[scene == k])) == 1 for k in range(3))
    assert len(np.unique(found.folds)) == (3 if folds is spatial_folds else 2)


def test_a_class_of_one_scene_is_never_held_out_but_the_others_are():
    pixels = np.array([0, 3, 5, 9, 5000, 5003, 5005])
    targets = np.array([0, 0, 1, 2, 0, 0, 1])
    found = spatial_folds(pixels, targets, 50, joined_at=(0, 100))
    assert found.folds[3] == -1
    assert len(np.unique(found.folds[targets == 0])) == 2


def test_a_report_on_a_model_says_how_it_maps_other_scenes_and_that_there_is_no_map(three, capsys):
    folder, _ = three
    assert main(arguments(folder, "ab", "--json", "--quiet")) == 0
    trained = fitting(capsys.readouterr().out, "train")
    assert main(["report", str(folder / "out"), "--json", "--quiet"]) == 0
    facts = fitting(capsys.readouterr().out, "model-report")
    assert facts["held_out"] == trained["held_out"]
    assert facts["map"] is None
    assert f"{100 * trained['held_out']['overall']:.1f} % on scenes that were" in facts["quote"]
    assert {Path(name).name for name in facts["files"]} == {HTML, PDF, JSON}
    page = (folder / "out" / "report" / HTML).read_text("utf-8")
    for text in ("Model of 2 scenes", "a.npy", "b.img", "Train makes no map", facts["methods"]):
        assert text in page
    assert (folder / "out" / "report" / PDF).read_bytes().startswith(b"%PDF")
    assert main(["report", str(folder / "out"), "-q"]) == 1
    assert "add --overwrite" in capsys.readouterr().err


def test_a_report_on_a_model_of_one_scene_says_what_is_not_known(three, capsys):
    folder, _ = three
    assert main(arguments(folder, "a", "--quiet")) == 0
    assert main(["report", str(folder / "out"), "--json", "--quiet"]) == 0
    facts = fitting(capsys.readouterr().out, "model-report")
    assert facts["held_out"] is None
    assert facts["quote"].startswith("How well it maps other scenes is not known")


def test_scenes_that_spell_a_class_otherwise_share_it(three, capsys):
    folder, truths = three
    names = {"a": ["Maïs", "Oats"], "b": ["oats", "Mai\u0308s "], "c": ["Maïs", "Oats"]}
    for name, truth in zip("abc", truths, strict=True):
        ids = labels_of(truth)
        rows, columns = np.nonzero((ids == 2) | (ids == 7))
        order = {2: 0, 7: 1} if name != "b" else {2: 1, 7: 0}
        lines = [
            f"{r},{c},{names[name][order[ids[r, c]]]}" for r, c in zip(rows, columns, strict=True)
        ]
        (folder / f"{name}.csv").write_text("\n".join(["row,column,class", *lines]))
    done = [text.replace(".npy", ".csv") for text in arguments(folder, "abc", "--json", "--quiet")]
    assert main(done) == 0
    report = fitting(capsys.readouterr().out, "train")
    assert sorted(c["name"] for c in report["classes"]) == ["Maïs", "Oats"]
    assert [w for w in report["warnings"] if "interpreted" in w] == [
        'b.csv: "oats" is interpreted as "Oats".'
    ]


def test_numbers_beside_names_are_told(three, capsys):
    folder, (truth, *_) = three
    ids = labels_of(truth)
    rows, columns = np.nonzero((ids == 2) | (ids == 7))
    names = {7: "Oats", 2: "Maize"}
    lines = [f"{r},{c},{names[ids[r, c]]}" for r, c in zip(rows, columns, strict=True)]
    (folder / "b.csv").write_text("\n".join(["row,column,class", *lines]))
    np.save(folder / "a.npy", np.where(ids == 7, 1, ids))
    given = [t.replace("b.npy", "b.csv") for t in arguments(folder, "ab", "--json", "--quiet")]
    assert main(given) == 0
    report = fitting(capsys.readouterr().out, "train")
    assert any(
        w.startswith("b.csv: its classes were matched by number") for w in report["warnings"]
    )


def test_what_is_odd_about_a_scene_is_said_by_its_name(three, capsys):
    folder, _ = three
    header = folder / "b.hdr"
    header.write_text(header.read_text().replace("wavelength units = Nanometers\n", ""))
    assert main(arguments(folder, "ab", "--json", "--quiet", "--bands", "bands 1-6")) == 0
    said = fitting(capsys.readouterr().out, "train")["warnings"]
    assert any(w.startswith("b.img: The unit of the wavelengths is not given") for w in said), said
    assert sum("Region of interest: 6 of 12 bands" in w for w in said) == 2, said


def test_labels_without_data_are_not_asked_of_a_scene_that_is_held_out():
    cube, truth = made_scene(ROWS, COLUMNS, BANDS)
    values = cube.read() + np.float32(0.001)
    values[:6] = np.nan
    scenes = TrainingScenes.of([cube, HyperCube.from_array(values)], [labels_of(truth)] * 2)
    _, score = scenes.held_out(TrainingConfig(), "lda", ())
    assert score.total == np.count_nonzero(labels_of(truth)[6:])
    assert score.right == score.total
