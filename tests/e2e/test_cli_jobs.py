"""classify and apply: what labels they take, what they warn of, and what they never overwrite.

The engine is the real one with a small recipe, so that these jobs take moments.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.crs import CRS

from hsi_viewer.cli import main
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.labels.classes import ClassLegend, LabelClass
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.regions.import_export import export_regions, import_regions
from hsi_viewer.io.writers.cube_writer import write_cube
from hsi_viewer.learning import trainer
from tests.unit.learning.made import SMALL, made_scene

GEOREFERENCE = Georeference(
    (10.0, 0.0, 600000.0, 0.0, -10.0, 5200000.0), CRS.from_epsg(32632).to_wkt()
)
LEGEND = ClassLegend(
    [
        LabelClass(1, "Corn", (250, 200, 10)),
        LabelClass(2, "Wälder, dicht", (1, 120, 2)),
        LabelClass(3, "Water", (0, 0, 255)),
    ]
)
ROWS, COLUMNS = 30, 24
# Trained and written in a moment, where the labels are the point.
IN_A_MOMENT = ("--classifier", "lda", "--no-refine", "--format", "npy")


@pytest.fixture(autouse=True)
def small_engine(monkeypatch):
    monkeypatch.setattr(trainer, "recipe_for", lambda config: SMALL)


def made_labels() -> np.ndarray:
    labels = np.zeros((ROWS, COLUMNS), np.uint16)
    labels[4:6, 5:8], labels[4:6, 16:19], labels[20:22, 2:5] = 1, 2, 3
    return labels


@pytest.fixture(scope="module")
def scene_dir(tmp_path_factory) -> Path:
    """A cube with a georeference, in a folder with spaces and letters of other alphabets."""
    folder = tmp_path_factory.mktemp("scene") / "Über the wäld 森"
    folder.mkdir()
    cube, _ = made_scene(ROWS, COLUMNS, 8)
    placed = HyperCube.from_array(cube.read(), georeference=GEOREFERENCE)
    write_cube(placed, folder / "scene one.hdr")
    np.save(folder / "labels.npy", made_labels())
    return folder


@pytest.fixture(scope="module")
def trained(scene_dir, tmp_path_factory) -> Path:
    """A folder of classify."""
    folder = tmp_path_factory.mktemp("trained") / "model"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "recipe_for", lambda config: SMALL)
        assert classify(scene_dir, scene_dir / "labels.npy", folder) == 0
    return folder


def classify(scene_dir: Path, labels: object, output: Path, *options: str, cube="scene one.hdr"):
    sources = [str(scene_dir / cube), "--labels", str(labels)]
    return main(["classify", *sources, "--output", str(output), "--device", "cpu", *options])


def report_of(folder: Path) -> dict:
    return json.loads((folder / "report.json").read_text("utf-8"))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


# labels --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "suffix", ["txt", "xml", "csv", "geojson", "gpkg", "shp", "npy", "mat", "hdr", "tif", "h5"]
)
def test_classify_takes_the_labels_that_the_window_imports(scene_dir, tmp_path, capsys, suffix):
    path, output = tmp_path / f"my régions.{suffix}", tmp_path / "out"
    cube = open_cube(scene_dir / "scene one.hdr")
    export_regions(path, made_labels(), LEGEND, cube)
    imported = import_regions(str(path), cube)
    capsys.readouterr()
    assert classify(scene_dir, path, output, *IN_A_MOMENT) == 0
    error = capsys.readouterr().err
    report = report_of(output)
    assert [(c["id"], c["train_pixels"]) for c in report["classes"]] == [(1, 6), (2, 6), (3, 6)]
    for c in report["classes"]:
        assert c["name"] == imported.names.get(c["id"], f"Class {c['id']}")
        assert tuple(c["colour"]) == imported.colours.get(c["id"], tuple(c["colour"]))
    if suffix not in ("npy", "h5", "csv"):
        wanted = {"hdr": "Wälder; dicht"}.get(suffix, "Wälder, dicht")
        assert [c["name"] for c in report["classes"]] == ["Corn", wanted, "Water"]
        assert report["classes"][0]["colour"] == [250, 200, 10]
    assert set(imported.notes) <= set(report["warnings"])
    for note in imported.notes:
        assert f"hsi-viewer: warning: {note}\n" in error


def test_notes_of_an_import_are_warnings(scene_dir, tmp_path, capsys):
    path = tmp_path / "a.csv"
    path.write_text("row,column,class\n1,1,corn\n2,2,corn\n20,20,wood\n21,21,wood\n99,9,wood\n")
    assert classify(scene_dir, path, tmp_path / "out", "--json", *IN_A_MOMENT) == 0
    out, error = capsys.readouterr()
    note = "1 of 5 pixels lie outside the cube and are left out."
    assert json.loads(out)["warnings"] == [note] == report_of(tmp_path / "out")["warnings"]
    assert error.count(f"hsi-viewer: warning: {note}\n") == 1


def test_labels_of_another_size_ask_for_a_placement(scene_dir, tmp_path, capsys):
    np.save(tmp_path / "half.npy", made_labels()[::2, ::2])
    assert classify(scene_dir, tmp_path / "half.npy", tmp_path / "out") == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "15 x 12" in error
    assert "Say --placement resample or --placement crop." in error
    assert not (tmp_path / "out").exists()
    options = ("--placement", "resample", *IN_A_MOMENT)
    assert classify(scene_dir, tmp_path / "half.npy", tmp_path / "out", *options) == 0
    assert "were stretched to 30 x 24" in report_of(tmp_path / "out")["warnings"][0]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros((ROWS, COLUMNS)), "no pixel is labelled"),
        (np.full((ROWS, COLUMNS), -1), "no pixel is labelled"),
        (np.full((ROWS, COLUMNS), np.nan), "no pixel is labelled"),
        (np.where(made_labels() == 2, 2, 0), "one class (id 2)"),
        (made_labels() * 0.5, "fractions"),
        (made_labels().astype(np.int64) * 40_000, "class ids must be in 0..65535; found 120000"),
        (made_labels().astype(complex), "not complex128"),
        (made_labels().astype(str), "contains numbers"),
        (np.zeros((ROWS, COLUMNS, 3)), "30 x 24 x 3"),
        (np.zeros((0, COLUMNS)), "an empty array"),
    ],
)
def test_labels_that_cannot_be_learned_from(scene_dir, tmp_path, capsys, values, message):
    np.save(tmp_path / "labels.npy", values)
    assert classify(scene_dir, tmp_path / "labels.npy", tmp_path / "a" / "b") == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1, error
    assert "labels.npy" in error
    assert message in error
    assert not (tmp_path / "a").exists()


def test_negative_and_nan_are_unlabelled_in_a_label_file(scene_dir, tmp_path):
    labels = made_labels().astype(np.float64)
    labels[0, :3], labels[1, :3], labels[2, :3] = -1, -9999, np.nan
    np.save(tmp_path / "labels.npy", labels)
    assert classify(scene_dir, tmp_path / "labels.npy", tmp_path / "out", *IN_A_MOMENT) == 0
    assert report_of(tmp_path / "out")["train_pixels"] == 18


# warnings ------------------------------------------------------------------------------------


@pytest.fixture
def odd_scene(scene_dir, tmp_path) -> Path:
    """The scene with 12 of its 18 labelled pixels without data, and a header that is odd."""
    values = open_cube(scene_dir / "scene one.hdr").read()
    values[:10] = -5
    write_cube(HyperCube.from_array(values, nodata=-5.0), tmp_path / "odd.hdr")
    with (tmp_path / "odd.hdr").open("a") as file:
        file.write("bbl = {1, 0}\n")
    return tmp_path / "odd.hdr"


def test_what_info_warns_of_classify_and_apply_warn_of(odd_scene, trained, tmp_path, capsys):
    labels = made_labels()
    labels[14, 3], labels[14, 18] = 1, 2
    np.save(tmp_path / "labels.npy", labels)
    assert main(["info", str(odd_scene), "--json"]) == 0
    warnings = json.loads(capsys.readouterr().out)["warnings"]
    assert any("bbl" in text for text in warnings)
    unused = "12 of 20 labels lie on pixels without data and were not used."
    assert classify(odd_scene.parent, tmp_path / "labels.npy", tmp_path / "o", cube="odd.hdr") == 0
    error = capsys.readouterr().err
    assert report_of(tmp_path / "o")["warnings"] == [*warnings, unused]
    assert main(["apply", str(trained), str(odd_scene), "--output", str(tmp_path / "p")]) == 0
    again = capsys.readouterr().err
    assert report_of(tmp_path / "p")["warnings"] == warnings
    for text in warnings:
        assert f"hsi-viewer: warning: {text}\n" in error
        assert f"hsi-viewer: warning: {text}\n" in again
    assert f"hsi-viewer: warning: {unused}\n" in error


def test_a_complex_cube_is_used_by_its_magnitude_and_that_is_reported(scene_dir, tmp_path, capsys):
    values = open_cube(scene_dir / "scene one.hdr").read().astype(np.complex64) * 1j
    np.save(tmp_path / "complex.npy", values)
    labels, output = scene_dir / "labels.npy", tmp_path / "out"
    assert classify(tmp_path, labels, output, cube="complex.npy") == 0
    warning = "The values are complex; their magnitudes are used."
    assert capsys.readouterr().err.count(warning) == 1
    assert report_of(output)["warnings"].count(warning) == 1
    assert classify(scene_dir, labels, tmp_path / "real") == 0
    assert np.array_equal(
        np.load(output / "class_map.npy"), np.load(tmp_path / "real" / "class_map.npy")
    )


# files ---------------------------------------------------------------------------------------


def test_every_file_of_a_job_is_listed(trained, scene_dir, tmp_path, capsys):
    for folder in (trained, tmp_path / "applied"):
        if folder != trained:
            arguments = [str(trained), str(scene_dir / "scene one.hdr"), "--json"]
            assert main(["apply", *arguments, "--output", str(folder)]) == 0
            printed = json.loads(capsys.readouterr().out)["files"]
            assert sorted(printed) == sorted(str(p) for p in folder.iterdir())
        assert report_of(folder)["files"] == sorted(p.name for p in folder.iterdir())
        assert {"class_map.tif.aux.xml", "class_map.pgw"} <= set(report_of(folder)["files"])
        for name in ("class_map.img", "confidence.img"):
            with rasterio.open(folder / name) as file:
                assert file.nodata == 0


@pytest.mark.parametrize("name", ["cube.hdr", "cube.tif", "cube.npy", "cube.mat"])
def test_every_file_of_convert_is_listed(scene_dir, tmp_path, capsys, name):
    target = tmp_path / "out" / name
    assert main(["convert", str(scene_dir / "scene one.hdr"), str(target), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)["files"]
    assert sorted(printed) == sorted(str(p) for p in target.parent.iterdir())


@pytest.mark.parametrize("name", ["map.hdr", "map.tif", "map.mat", "map.npy"])
def test_every_file_of_a_converted_class_map_is_listed(trained, tmp_path, capsys, name):
    target = tmp_path / "out" / name
    assert main(["convert", str(trained / "class_map.hdr"), str(target), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)["files"]
    assert sorted(printed) == sorted(str(p) for p in target.parent.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_a_colleague_can_read_every_file_of_a_job(trained):
    probe = trained.parent / "probe"
    probe.write_text("")
    assert {p.stat().st_mode for p in trained.iterdir()} == {probe.stat().st_mode}


@pytest.mark.parametrize("form", ["{0}", "{0}/model.json", "{0}/model.safetensors", "{0}/../model"])
def test_apply_asks_before_it_replaces_the_map_of_a_model(trained, scene_dir, capsys, form):
    before = contents(trained)
    arguments = ["apply", form.format(trained), str(scene_dir / "scene one.hdr")]
    assert main([*arguments, "--output", str(trained)]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "choose another output folder, or add --overwrite" in error
    assert contents(trained) == before


def test_apply_asks_in_the_folder_of_another_model_and_overwrites_if_told(
    trained, scene_dir, tmp_path
):
    other = tmp_path / "other"
    other.mkdir()
    for name in ("model.json", "model.safetensors"):
        (other / name).write_bytes((trained / name).read_bytes())
    arguments = ["apply", str(trained), str(scene_dir / "scene one.hdr"), "--output", str(other)]
    assert main(arguments) == 1
    assert len(list(other.iterdir())) == 2
    assert main([*arguments, "--overwrite"]) == 0
    assert report_of(other)["model"] == str(trained)


def test_results_never_replace_what_the_job_reads(trained, scene_dir, tmp_path, capsys):
    folder = tmp_path / "out"
    folder.mkdir()
    for path in trained.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    before = contents(folder)
    scene = str(scene_dir / "scene one.hdr")
    for cube, labels in (
        (scene, "class_map.hdr"),
        (scene, "class_map.img"),
        (scene, "class_map.npy"),
        (scene, "class_map.tif"),
        (str(folder / "confidence.hdr"), "../labels.npy"),
        (str(folder / "class_map.tif"), "../labels.npy"),
    ):
        (tmp_path / "labels.npy").write_bytes((scene_dir / "labels.npy").read_bytes())
        capsys.readouterr()
        where = ["--labels", str(folder / labels), "--output", str(tmp_path / "." / "out")]
        assert main(["classify", cube, *where, "--overwrite"]) == 1
        assert "would be replaced by its results" in capsys.readouterr().err
        overwrite = ["--output", str(folder), "--overwrite"]
        if cube != scene:
            assert main(["apply", str(trained), cube, *overwrite]) == 1
            assert "would be replaced by its results" in capsys.readouterr().err
    assert contents(folder) == before


@pytest.mark.parametrize("picture", ["scene.png", "./scene.png", "scene.hdr", "scene.img"])
def test_a_picture_of_the_window_never_replaces_the_cube(tmp_path, monkeypatch, capsys, picture):
    monkeypatch.chdir(tmp_path)
    values = np.arange(60, dtype=np.uint8).reshape(10, 6)
    Image.fromarray(values).save("scene.png")
    write_cube(HyperCube.from_array(values[:, :, None]), Path("scene.hdr"))
    before = contents(tmp_path)
    source = "scene.png" if picture.endswith(".png") else "scene.hdr"
    assert main(["open", source, "--screenshot", picture]) == 1
    assert "is a file of the cube itself; choose another name" in capsys.readouterr().err
    assert contents(tmp_path) == before


def test_results_beside_the_cube_leave_it_alone(scene_dir, tmp_path):
    folder = tmp_path / "all in one"
    folder.mkdir()
    for path in scene_dir.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    before = contents(folder)
    assert classify(folder, folder / "labels.npy", folder) == 0
    assert contents(folder).items() >= before.items()


def test_results_are_not_put_among_the_bands_of_a_cube(scene_dir, tmp_path, capsys):
    stack, scene = tmp_path / "stack", str(scene_dir / "scene one.hdr")
    for band in range(3):
        target = str(stack / f"b{band}.tif")
        assert main(["convert", scene, target, "--bands", str(band)]) == 0
    before = contents(stack)
    labels = scene_dir / "labels.npy"
    assert classify(tmp_path, labels, stack, cube="stack") == 1
    assert "mixed with the data" in capsys.readouterr().err
    assert contents(stack) == before
    assert classify(tmp_path, labels, stack / "out", cube="stack") == 0
    assert open_cube(stack).bands == 3


# refusals ------------------------------------------------------------------------------------


def test_an_output_that_is_a_file(scene_dir, tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    for output in (tmp_path / "file", tmp_path / "file" / "below"):
        assert classify(scene_dir, scene_dir / "labels.npy", output) == 1
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert str(output) in error
    assert (tmp_path / "file").read_text() == "mine"


def test_a_relative_output_with_missing_parents(scene_dir, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    output = Path("a", "b ü", "c")
    assert classify(scene_dir, scene_dir / "labels.npy", output) == 0
    assert (tmp_path / output / "class_map.npy").is_file()


@pytest.mark.parametrize("kind", ["error", "interrupt"])
def test_no_empty_folder_stays_where_the_job_ends_early(
    scene_dir, tmp_path, capsys, monkeypatch, kind
):
    raised = KeyboardInterrupt if kind == "interrupt" else OSError(28, "No space left on device")
    there = tmp_path / "there"
    there.mkdir()

    def failing(self, *_, **__):
        raise raised

    monkeypatch.setattr(trainer.Run, "train", failing)
    if kind == "interrupt":
        assert classify(scene_dir, scene_dir / "labels.npy", there / "a" / "b") == 130
        assert capsys.readouterr().err.endswith("hsi-viewer: interrupted\n")
    else:
        with pytest.raises(OSError, match="No space"):
            classify(scene_dir, scene_dir / "labels.npy", there / "a" / "b")
    assert there.exists()
    assert list(there.iterdir()) == []


def test_no_empty_folder_stays_where_labels_have_no_data(odd_scene, tmp_path, capsys):
    np.save(tmp_path / "labels.npy", made_labels())
    output = tmp_path / "out" / "deep"
    assert classify(odd_scene.parent, tmp_path / "labels.npy", output, cube="odd.hdr") == 1
    assert "labelled only where the cube has no data" in capsys.readouterr().err
    assert not output.parent.exists()


def test_no_empty_folder_stays_where_a_model_does_not_fit(trained, tmp_path, capsys):
    np.save(tmp_path / "narrow.npy", np.ones((6, 6, 3)))
    arguments = ["apply", str(trained), str(tmp_path / "narrow.npy")]
    assert main([*arguments, "--output", str(tmp_path / "out")]) == 1
    assert "3 bands but the model was trained on 8" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


# models --------------------------------------------------------------------------------------

DAMAGE = {
    "no weights": lambda folder: (folder / "model.safetensors").unlink(),
    "no description": lambda folder: (folder / "model.json").unlink(),
    "no text": lambda folder: (folder / "model.json").write_bytes(b"\xff\xfe\0"),
    "no model": lambda folder: (folder / "model.json").write_text("{}"),
    "other types": lambda folder: (folder / "model.json").write_text(
        (folder / "model.json").read_text().replace('"temperature": 1.0', '"temperature": "1"')
    ),
    "an unknown device": lambda folder: (folder / "model.json").write_text(
        (folder / "model.json").read_text().replace('"device": "cpu"', '"device": "tpu"')
    ),
    "weights cut off": lambda folder: (folder / "model.safetensors").write_bytes(
        (folder / "model.safetensors").read_bytes()[:-100]
    ),
    "empty weights": lambda folder: (folder / "model.safetensors").write_bytes(b""),
    "weights of zeros": lambda folder: (folder / "model.safetensors").write_bytes(b"\0" * 5000),
    "not a number": lambda folder: (folder / "model.safetensors").write_bytes(
        (folder / "model.safetensors").read_bytes()[:-4] + b"\0\0\xc0\x7f"
    ),
    "a folder in its place": lambda folder: (
        (folder / "model.json").unlink() or (folder / "model.json").mkdir()
    ),
}
APPLY = """
import sys
from hsi_viewer.cli import main
output = sys.argv[1]
for model in sys.argv[2:]:
    status = main(["apply", model, model + "/no cube.hdr", "--output", output])
    print(status, "torch" in sys.modules, "rasterio" in sys.modules, flush=True)
    print("end of", model, file=sys.stderr, flush=True)
"""


def test_a_damaged_model_is_reported_in_one_line_before_torch_and_the_cube(trained, tmp_path):
    folders = [tmp_path / damage for damage in DAMAGE]
    for folder in folders:
        folder.mkdir()
        for name in ("model.json", "model.safetensors"):
            (folder / name).write_bytes((trained / name).read_bytes())
        DAMAGE[folder.name](folder)
    output = tmp_path / "out"
    command = [sys.executable, "-c", APPLY, str(output), *map(str, folders)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines() == ["1 False False"] * len(DAMAGE)
    errors = ended.stderr.splitlines()
    assert errors[1::2] == [f"end of {folder}" for folder in folders]
    for folder, error in zip(folders, errors[::2], strict=True):
        assert error.startswith(f"hsi-viewer: {folder / 'model.'}")
    assert not output.exists()
