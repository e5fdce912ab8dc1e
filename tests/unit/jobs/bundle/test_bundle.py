"""A bundle is whole, is verified, and gives the same map again; hostile archives are refused."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hsi_viewer.cli import main
from hsi_viewer.core.assessment.doubt_rule import DoubtRule
from hsi_viewer.core.errors import ExportError, FormatError, HsiError
from hsi_viewer.core.postprocess.clean import Cleaning, cleaned
from hsi_viewer.core.postprocess.map_steps import after_steps
from hsi_viewer.core.progress import CancelToken, SilentPort, TaskCancelledError
from hsi_viewer.core.validation import parsed
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.jobs.bundle.archive import opened_bundle
from hsi_viewer.jobs.bundle.manifest import MANIFEST, MOST_FILES, Manifest
from hsi_viewer.jobs.bundle.verify import VerifyJob, verify
from hsi_viewer.jobs.bundle.write import write_bundle
from hsi_viewer.jobs.doubt_layers import MapFacts, outside_of
from hsi_viewer.jobs.report.gather import gather
from hsi_viewer.learning import trainer
from tests.unit.cli.schemas import fitting
from tests.unit.jobs.report.made import leave_undrawn, made_run, two_places
from tests.unit.learning.made import SMALL, made_scene

LABELS = "labels/training.img"


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A folder with a scene, its labels and the bundle of its map."""
    folder = tmp_path_factory.mktemp("bundle")
    cube, truth = made_scene(24, 24, 20)
    for name, array in (("cube", cube.read()), ("labels", two_places(truth)), ("truth", truth)):
        np.save(folder / f"{name}.npy", array)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        line = ["classify", "cube.npy", "--labels", "labels.npy", "--test", "truth.npy"]
        line += ["--classifier", "lda", "-o", "out", "-q", "--bundle", "map.zip"]
        assert main(line) == 0
    return folder


@pytest.fixture
def here(done, tmp_path, monkeypatch):
    """A copy of it, which is the working directory."""
    shutil.copytree(done, tmp_path / "job")
    monkeypatch.chdir(tmp_path / "job")
    return tmp_path / "job"


@pytest.fixture(scope="module", autouse=True)
def undrawn():
    """No page of a report is drawn for these bundles."""
    with pytest.MonkeyPatch.context() as patch:
        leave_undrawn(patch)
        yield


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewritten(path: Path, files: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)


def verified(capsys, *arguments: str, status: int = 0) -> dict:
    assert main(["verify", *arguments, "--json", "-q"]) == status
    return fitting(capsys.readouterr().out, "verify")


def test_it_contains_all_that_is_needed(here, tmp_path):
    files = members(here / "map.zip")
    manifest = parsed(Manifest, files[MANIFEST])
    assert {f.name for f in manifest.files} == set(files) - {MANIFEST}
    assert {name.partition("/")[0] for name in files} == {
        *("map", "labels", "model", "report", MANIFEST)
    }
    (tmp_path / "again").mkdir()
    for name, data in files.items():
        (tmp_path / "again" / Path(name).name).write_bytes(data)
    labels = read_labels(tmp_path / "again" / "training.hdr")
    np.testing.assert_array_equal(labels.ids, np.load(here / "labels.npy"))
    split = read_labels(tmp_path / "again" / "test.hdr").ids
    assert np.count_nonzero(split) + np.count_nonzero(labels.ids) == 576
    mapped = read_labels(tmp_path / "again" / "class_map.hdr").ids
    np.testing.assert_array_equal(mapped, np.load(here / "out" / "class_map.npy"))
    assert manifest.settings.config.seed == 0
    assert manifest.versions["numpy"] == np.__version__
    assert [c.id for c in manifest.classes] == [2, 5, 7, 9]
    run = fitting((here / "out" / "report.json").read_text("utf-8"), "report")
    assert str(here / "map.zip").rpartition("/")[2] in run["files"][0]


def test_every_pixel_comes_out_again(here, capsys):
    found = verified(capsys, "map.zip")
    assert found["passed"]
    assert found["changed"] == found["missing"] == found["unlisted"] == []
    assert (found["cube"], found["same_values"]) == ("cube.npy", True)
    assert (found["equal_pixels"], found["pixels"], found["equal_share"]) == (576, 576, 1)
    assert main(["verify", "map.zip"]) == 0
    assert "576 of 576 pixels of the map are equal (100 %)" in capsys.readouterr().out


def test_so_does_every_pixel_of_the_engine(here, capsys, monkeypatch):
    monkeypatch.setattr(trainer, "recipe_for", lambda _config: SMALL)
    line = ["classify", "cube.npy", "--labels", "labels.npy", "-o", "net", "-q", "--seed", "5"]
    assert main([*line, "--bundle", "net.zip"]) == 0
    found = verified(capsys, "net.zip", "cube.npy")
    assert (found["equal_pixels"], found["warnings"]) == (576, [])


def test_a_changed_file_is_named(here, capsys):
    files = members(here / "map.zip")
    changed = bytearray(files[LABELS])
    changed[0] ^= 3
    others = {k: v for k, v in files.items() if k != "report/report.pdf"}
    rewritten(here / "other.zip", {**others, LABELS: bytes(changed), "../evil.txt": b"x"})
    found = verified(capsys, "other.zip", status=1)
    assert (found["changed"], found["missing"]) == ([LABELS], ["report/report.pdf"])
    assert found["unlisted"] == ["../evil.txt"]
    assert found["equal_pixels"] is None
    assert found["warnings"] == [f"The map was not made again, because {LABELS} has changed."]
    assert not (here.parent / "evil.txt").exists()
    assert main(["verify", "other.zip", "-q"]) == 1
    assert f"hsi-viewer: {LABELS} has changed." in capsys.readouterr().err
    rewritten(here / "less.zip", {k: v for k, v in files.items() if k != LABELS})
    found = verified(capsys, "less.zip", status=1)
    assert found["warnings"] == [f"The map was not made again, because {LABELS} is missing."]


def test_a_changed_scene_is_named(here, capsys):
    with (here / "cube.npy").open("ab") as file:
        file.write(b"more")
    found = verified(capsys, "map.zip")
    assert (found["changed_cube_files"], found["equal_share"]) == (["cube.npy"], 1)
    assert "the values of the scene are the same" in found["warnings"][0]
    values = np.load(here / "cube.npy")
    np.save(here / "big-endian.npy", values.astype(">f4"))
    assert verified(capsys, "map.zip", "big-endian.npy")["equal_share"] == 1
    values[3, 4, 5] += 1
    np.save(here / "cube.npy", values)
    found = verified(capsys, "map.zip", status=1)
    assert (found["passed"], found["same_values"]) == (False, False)
    assert found["equal_pixels"] is None
    (here / "cube.npy").unlink()
    found = verified(capsys, "map.zip")
    assert (found["cube"], found["same_values"]) == (None, None)
    assert "cube.npy is not here" in found["warnings"][0]


def test_other_versions_and_other_settings_are_said(here, capsys):
    files = members(here / "map.zip")
    text = files[MANIFEST].decode().replace(f'"{np.__version__}"', '"1.0"')
    text = text.replace('"continued": false', '"continued": true')
    rewritten(here / "other.zip", {**files, MANIFEST: text.encode()})
    found = verified(capsys, "other.zip")
    assert f"numpy {np.__version__} (then 1.0)" in found["warnings"][0]
    assert "trained on from an earlier model" in found["warnings"][1]


def test_a_cleaned_map_is_cleaned_again(here):
    run = made_run()
    cleaning = Cleaning(merge={9: 7})
    changed = cleaned(run.prediction.class_map, cleaning)
    assert np.count_nonzero(changed != run.prediction.class_map)
    prediction = type(run.prediction)(changed, run.prediction.confidence, run.prediction.class_ids)
    run = made_run(source="cube.npy", prediction=prediction, steps=(cleaning,))
    write_bundle(run, gather(run), here / "clean.zip")
    assert verify(VerifyJob(here / "clean.zip")).share == 1


def test_doubtful_pixels_are_left_out_again(here):
    """By confidence, then cleaned, then by the area of applicability with its background."""
    run = made_run()
    background = np.zeros((24, 24), bool)
    background[8:10, 5:12] = True
    facts = MapFacts(run.cube, run.prediction, run.model, run.labels, None, background)
    outside = outside_of(facts, CancelToken(), SilentPort())
    assert outside[background].any()
    least = float(np.median(run.prediction.confidence))
    steps = (DoubtRule(least), Cleaning(merge={9: 7}), DoubtRule(0.1, applicable=True))
    left = after_steps(run.prediction, steps, None, lambda: outside)
    assert 0 < np.count_nonzero(left.class_map == 0) < 576
    assert (left.class_map[outside] == 0).all()
    run = made_run(source="cube.npy", prediction=left, steps=steps, background=background)
    write_bundle(run, gather(run), here / "left.zip")
    assert verify(VerifyJob(here / "left.zip")).share == 1
    files = members(here / "left.zip")
    assert parsed(Manifest, files[MANIFEST]).settings.steps == steps
    inside = np.frombuffer(files["map/class_map.img"], np.uint8).reshape(24, 24)
    np.testing.assert_array_equal(inside, left.class_map)
    assert b"left unclassified: confidence below" in files["report/report.json"]
    header = files["labels/no_class.hdr"].decode("utf-8")
    assert "None of the classes" in header
    assert "128, 128, 128}" in header

    changed = bytearray(files["labels/no_class.img"])
    changed[0] ^= 1
    rewritten(here / "left.zip", {**files, "labels/no_class.img": bytes(changed)})
    found = verify(VerifyJob(here / "left.zip"))
    assert (found.contents.changed, found.equal) == (("labels/no_class.img",), None)


def test_nothing_is_replaced_and_names_are_checked_first(here, capsys):
    line = ["classify", "cube.npy", "--labels", "labels.npy", "-o", "new", "-q"]
    assert main([*line, "--bundle", "map.zip"]) == 1
    assert "map.zip exists; choose another name, or add --overwrite" in capsys.readouterr().err
    assert main([*line, "--bundle", "map.tar"]) == 1
    assert "a bundle is a .zip file" in capsys.readouterr().err
    assert not (here / "new").exists()


def test_a_bundle_that_fails_leaves_the_old_one(here, monkeypatch):
    run = made_run()
    report, before = gather(run), (here / "map.zip").read_bytes()
    token = CancelToken()
    token.cancel()
    with pytest.raises(TaskCancelledError):
        write_bundle(run, report, here / "map.zip", token)

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "write", full)
    with pytest.raises(ExportError, match="No space left"):
        write_bundle(run, report, here / "map.zip")
    assert (here / "map.zip").read_bytes() == before
    assert [p.name for p in here.iterdir() if p.name.startswith(".")] == []


def hostile(here: Path, kind: str) -> Path:
    """An archive that is not a bundle, or pretends to be one."""
    path, files = here / "hostile.zip", members(here / "map.zip")
    if kind == "text":
        path.write_text("not an archive")
    elif kind == "truncated":
        path.write_bytes((here / "map.zip").read_bytes()[:-300])
    elif kind == "no manifest":
        rewritten(path, {k: v for k, v in files.items() if k != MANIFEST})
    elif kind == "twice":
        with zipfile.ZipFile(path, "w") as out:
            out.writestr(MANIFEST, files[MANIFEST])
            with pytest.warns(UserWarning, match="Duplicate name"):
                out.writestr(MANIFEST, files[MANIFEST])
    elif kind == "many":
        rewritten(path, files | {f"file {i}": b"" for i in range(MOST_FILES)})
    elif kind == "long manifest":
        long = files[MANIFEST].replace(b"Class map of", b"x" * (1 << 25))
        rewritten(path, {MANIFEST: long})
    elif kind == "nested manifest":
        rewritten(path, {MANIFEST: b"[" * 100_000})
    else:
        rewritten(path, {MANIFEST: files[MANIFEST].replace(b'"rows": 24', b'"rows": "x"')})
    return path


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        ("text", "not a readable bundle"),
        ("truncated", "not a readable bundle"),
        ("no manifest", "contains no manifest.json"),
        ("twice", "contains a file twice"),
        ("many", f"at most {MOST_FILES} are read"),
        ("nested manifest", "manifest.json is damaged"),
        ("wrong type", "manifest.json is damaged: scene.rows"),
        ("long manifest", "manifest.json is damaged"),
    ],
)
def test_other_archives_are_refused(here, capsys, kind, problem):
    assert main(["verify", str(hostile(here, kind)), "-q"]) == 1
    assert problem in capsys.readouterr().err


def test_a_missing_bundle_is_named(tmp_path, capsys):
    assert main(["verify", str(tmp_path / "no.zip")]) == 1
    assert "no.zip does not exist" in capsys.readouterr().err
    assert main(["verify", str(tmp_path)]) == 1
    assert "could not be read" in capsys.readouterr().err


def test_checking_a_bundle_can_be_cancelled_in_each_file(here):
    token = CancelToken()
    with opened_bundle(here / "map.zip") as bundle:
        token.cancel()
        with pytest.raises(TaskCancelledError):
            bundle.compare(token, SilentPort())


def test_a_bomb_is_not_unpacked(here, tmp_path):
    files = members(here / "map.zip")
    rewritten(here / "bomb.zip", {**files, LABELS: bytes(1 << 24)})
    with opened_bundle(here / "bomb.zip") as bundle:
        assert bundle.compare(CancelToken(), SilentPort()).changed == (LABELS,)
        with pytest.raises(FormatError, match="it is longer than 1000 bytes"):
            bundle.unpack((LABELS,), tmp_path, 1000)
        assert (tmp_path / "training.img").stat().st_size <= 1000


def outcome(path: Path) -> str:
    """What comes of a bundle that may be damaged."""
    try:
        with opened_bundle(path) as bundle:
            contents = bundle.compare(CancelToken(), SilentPort())
    except HsiError as error:
        return "refused by name" if str(path) in str(error) else str(error)
    return "intact" if contents.intact else "differs"


@settings(max_examples=25)
@given(at=st.integers(0, 10**9), byte=st.integers(0, 255), cut=st.booleans())
def test_damage_is_a_sentence_or_a_difference(done, tmp_path_factory, at, byte, cut):
    data = bytearray((done / "map.zip").read_bytes())
    at %= len(data)
    same = not cut and data[at] == byte
    data[at] = byte
    path = tmp_path_factory.mktemp("damaged") / "map.zip"
    path.write_bytes(bytes(data[:at]) if cut else bytes(data))
    possible = {"intact"} if same else {"refused by name", "differs"}
    if not cut:
        possible.add("intact")  # such as another time of a file
    assert outcome(path) in possible
