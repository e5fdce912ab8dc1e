"""Many scenes: the same maps as one by one, resumed, in parts, and whatever fails."""

from __future__ import annotations

import csv
import json
import os
import shutil
import warnings
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
import rasterio
from msgspec import structs
from rasterio.crs import CRS

from hsi_viewer.atomic import replacing
from hsi_viewer.cli import main
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.errors import ExportError, HsiError
from hsi_viewer.core.progress import CancelToken, Note, Progress, TaskCancelledError
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.io.writers.cube_writer import write_cube
from hsi_viewer.jobs import apply
from hsi_viewer.jobs.apply import apply_model, options_of
from hsi_viewer.jobs.batch import compute, pools, run
from hsi_viewer.jobs.batch.run import BatchJob, run_batch
from hsi_viewer.jobs.batch.scenes import Scene
from hsi_viewer.jobs.batch.summary import SceneResult
from hsi_viewer.jobs.batch.tile_file import tile_facts, tile_path
from hsi_viewer.jobs.classify import classify
from hsi_viewer.jobs.job import Job
from hsi_viewer.learning import trainer
from tests.unit.learning.made import SMALL, Recorder, made_scene

SIDE = 32
PLACE = Georeference((10.0, 0.0, 600000.0, 0.0, -10.0, 5200000.0), CRS.from_epsg(32632).to_wkt())


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    """A model in "model", a scene of four tiles, a small one, and a large ENVI file."""
    folder = tmp_path_factory.mktemp("batch")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "recipe_for", lambda _config: SMALL)
        cube, truth = made_scene(50, 44, 12)
        np.save(folder / "large.npy", cube.read())
        np.save(folder / "truth.npy", np.where(np.arange(44) % 7 == 0, truth, 0))
        np.save(folder / "small.npy", cube.read()[:20, 4:34])
        write_cube(
            HyperCube.from_array(cube.read() * 1.02, georeference=PLACE), folder / "placed.hdr"
        )
        classify(str(folder / "large.npy"), str(folder / "truth.npy"), Job(folder / "model"))
    return folder


@pytest.fixture
def job(files, tmp_path) -> BatchJob:
    """Two scenes, not refined."""
    scenes = [Scene(str(files / name)) for name in ("large.npy", "small.npy")]
    options = options_of(Job(tmp_path, refine="none"), SIDE)
    formats = ("envi", "confidence", "npy")
    return BatchJob(files / "model", scenes, tmp_path / "out", options, formats)


@pytest.fixture
def refined(job, tmp_path) -> BatchJob:
    """The same, refined, which is what needs an overlap."""
    return structs.replace(job, options=options_of(Job(tmp_path, refine="full"), SIDE))


def results_of(folder: Path) -> dict[str, bytes]:
    """The maps of a folder, byte by byte; by name of scene and file."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.suffix in (".img", ".tif", ".npy")
    }


def test_a_batch_makes_the_maps_of_single_calls(refined, files, tmp_path):
    port = Recorder()
    result = run_batch(structs.replace(refined, port=port))
    assert [s.status for s in result.scenes] == ["done", "done"]
    assert (result.computed, result.kept) == (4 + 1, 0)
    for name in ("large", "small"):
        single = tmp_path / f"single {name}"
        apply_model(
            files / "model",
            str(files / f"{name}.npy"),
            Job(single, refine="full", formats=refined.formats),
            side=SIDE,
        )
        assert results_of(single) == results_of(tmp_path / "out" / name) != {}
        report = json.loads((tmp_path / "out" / name / "report.json").read_text("utf-8"))
        assert report["refined"]
        assert not (tmp_path / "out" / name / "tiles").exists()
    shares = [i.fraction for i in port.items if isinstance(i, Progress) and i.fraction is not None]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)
    assert any("processor time" in i.detail for i in port.items if isinstance(i, Progress))


def test_tiles_go_into_cogs_and_stores_too(job, files, tmp_path):
    one = structs.replace(
        job, scenes=[Scene(str(files / "placed.hdr"))], formats=("cog", "zarr", "npy")
    )
    run_batch(one)
    folder = tmp_path / "out" / "placed"
    ids = np.load(folder / "class_map.npy")
    np.testing.assert_array_equal(values_of(folder / "class_map.cog.tif")[0], ids)
    labels = read_labels(folder / "class_map.zarr")
    np.testing.assert_array_equal(labels.ids, ids)
    assert labels.georeference.transform == PLACE.transform
    assert (folder / "class_map.cog.qml").exists()
    assert run_batch(structs.replace(one, resume=True)).computed == 0
    chunk = next(p for p in (folder / "class_map.zarr").rglob("*") if p.name == "0" and p.is_file())
    chunk.write_bytes(b"damaged")
    assert run_batch(structs.replace(one, resume=True)).computed == 4


def test_what_was_not_asked_for_before_is_made_by_a_call_that_resumes(files, tmp_path, job):
    one = structs.replace(job, scenes=[Scene(str(files / "placed.hdr"))], formats=("npy", "mat"))
    run_batch(one)
    fewer = structs.replace(one, formats=("npy",), resume=True)
    assert run_batch(fewer).computed == 0
    assert run_batch(structs.replace(fewer, formats=("npy", "png"))).computed == 4
    assert (tmp_path / "out" / "placed" / "class_map.png").exists()

    alone, source = Job(tmp_path / "alone", formats=("npy",)), str(files / "placed.hdr")
    apply_model(files / "model", source, alone, side=SIDE)
    np.save(tmp_path / "test.npy", np.load(tmp_path / "alone" / "class_map.npy"))
    scored = replace(alone, test=str(tmp_path / "test.npy"))
    result = apply_model(files / "model", source, scored, side=SIDE, resume=True)
    assert result.report["accuracy"]["overall"] == 1


def test_the_tiles_make_nearly_the_map_of_one_piece(refined, files, tmp_path):
    run_batch(refined)
    source = refined.scenes[0].source
    whole = apply_model(files / "model", source, Job(tmp_path / "w", refine="full"))
    tiled = np.load(tmp_path / "out" / "large" / "class_map.npy")
    assert (tiled == whole.prediction.class_map).mean() > 0.999
    confidence = values_of(tmp_path / "out" / "large" / "confidence.img")[0]
    np.testing.assert_allclose(confidence, whole.prediction.confidence, atol=2e-3)


def test_a_region_is_mapped_as_its_own_scene(refined, files, tmp_path):
    np.save(tmp_path / "part.npy", np.load(files / "large.npy")[5:45, 3:40])
    scenes = [
        Scene(str(files / "large.npy"), (5, 45), (3, 40), "part"),
        Scene(str(tmp_path / "part.npy")),
    ]
    run_batch(structs.replace(refined, scenes=scenes))
    assert results_of(tmp_path / "out" / "part") == results_of(tmp_path / "out" / "part_2") != {}


def test_the_table_lists_every_scene(job, files, tmp_path):
    scenes = [*job.scenes, Scene(str(files / "placed.hdr")), Scene(str(tmp_path / "none.hdr"))]
    port = Recorder()
    result = run_batch(structs.replace(job, scenes=scenes, port=port, formats=None))
    assert [s.error for s in result.scenes[:3]] == ["", "", ""]
    assert [s.status for s in result.scenes] == ["done", "done", "done", "failed"]
    assert "none.hdr does not exist" in result.failed[0].error
    notes = [item.text for item in port.items if isinstance(item, Note)]
    assert any("none.hdr does not exist" in text for text in notes)
    rows = summary_of(tmp_path / "out")
    assert [row["name"] for row in rows] == ["large", "small", "placed", "none"]
    assert [row["status"] for row in rows] == [s.status for s in result.scenes]
    placed = rows[2]
    pixels = {k: int(v) for k, v in placed.items() if k.endswith("pixels") and k != "pixels"}
    assert sum(pixels.values()) == int(placed["pixels"]) == 50 * 44
    assert sum(float(v) for k, v in placed.items() if k.endswith("m2")) == 50 * 44 * 100.0
    assert 0 <= float(placed["outside"]) <= 1
    assert 0.25 < float(placed["confidence"]) <= 1
    assert rows[3]["error"] == result.failed[0].error
    confidence = tmp_path / "out" / "placed" / "confidence"
    np.testing.assert_array_equal(
        values_of(confidence.with_suffix(".tif")), values_of(confidence.with_suffix(".img"))
    )


def test_the_table_keeps_the_scenes_of_other_calls_that_are_finished(job, files, tmp_path):
    """Before those of this call; what has no map is listed by its own call alone."""
    first = structs.replace(job, formats=("npy",))
    run_batch(structs.replace(first, scenes=[*job.scenes, Scene(str(tmp_path / "none.hdr"))]))
    more = [Scene(str(files / "placed.hdr")), job.scenes[1]]
    result = run_batch(structs.replace(first, scenes=more, resume=True))
    assert [s.name for s in result.scenes] == ["placed", "small"]
    rows = summary_of(tmp_path / "out")
    assert [(row["name"], row["status"]) for row in rows] == [
        ("large", "done"), ("placed", "done"), ("small", "done")]  # fmt: skip
    assert all(int(row["pixels"]) > 0 for row in rows)
    shutil.rmtree(tmp_path / "out" / "large")
    run_batch(structs.replace(first, scenes=more, resume=True))
    assert [row["name"] for row in summary_of(tmp_path / "out")] == ["placed", "small"]


def test_classes_of_one_number_and_two_names_have_columns_of_their_own(job, files, tmp_path):
    model = tmp_path / "model"
    shutil.copytree(files / "model", model)
    facts = (model / "model.json").read_text("utf-8")
    (model / "model.json").write_text(facts.replace('"Class 2"', '"Reed"'), "utf-8")
    large, small = job.scenes
    run_batch(structs.replace(job, scenes=[large], formats=("npy",)))
    run_batch(structs.replace(job, model=model, scenes=[small], formats=("npy",), resume=True))
    one, two = summary_of(tmp_path / "out")
    names = ["Class 2 (2) pixels", "Reed (2) pixels"]
    assert [bool(row[name]) for row in (one, two) for name in names] == [True, False, False, True]


def test_what_another_call_finishes_meanwhile_is_done(job, tmp_path, monkeypatch):
    """A tile fails three times here, and a call elsewhere has computed it before this one ends."""
    real = compute.compute_tile

    def failing(task, token):
        if task.index == 2:
            raise HsiError("the disk is worn")
        return real(task, token)

    class Elsewhere:
        def report(self, item):
            if isinstance(item, SceneResult) and item.status == "failed":
                monkeypatch.setattr(pools, "compute_tile", real)
                run_batch(structs.replace(job, resume=True))

    monkeypatch.setattr(pools, "compute_tile", failing)
    result = run_batch(structs.replace(job, resume=True, port=Elsewhere()))
    assert (result.computed, [s.status for s in result.scenes]) == (3, ["done", "done"])
    assert [row["status"] for row in summary_of(tmp_path / "out")] == ["done", "done"]


def test_wrong_lines_of_a_table_cost_the_others_nothing(job, files, tmp_path, capsys):
    """Byte order mark, semicolons, relative paths, names in any script, twice the same name."""
    table = tmp_path / "Übersicht.csv"
    shutil.copy(files / "small.npy", tmp_path / "klein.npy")
    lines = [
        "path;region;name",
        "klein.npy;;Süd",
        "klein.npy;north;Nord",
        f"{files / 'large.npy'};0:20 4:34;Süd",
        ";;",
        ";;nowhere",
        "klein.npy;rows 5:60, columns 0:3;",
        "klein.npy;rows 0:20, columns 0:9;湖",
    ]
    table.write_text("\n".join(lines), "utf-8-sig")
    line = ["apply", str(job.model), "--table", str(table), "-o", str(tmp_path / "out"), "--json"]
    assert main([*line, "--no-refine", "--device", "cpu", "--format", "npy"]) == 1
    scenes = json.loads(capsys.readouterr().out)["scenes"]
    assert [s["name"] for s in scenes] == ["Süd", "Nord", "Süd_2", "nowhere", "klein", "湖"]
    wrong = ["", 'line 3: the region "north" cannot', "", "line 6: it has no path", "not within 0"]
    for scene, text in zip(scenes, [*wrong, ""], strict=True):
        assert text in scene["error"]
        assert scene["status"] == ("failed" if text else "done")
    rows = summary_of(tmp_path / "out")
    assert [row["error"] for row in rows] == [scene["error"] for scene in scenes]
    assert (tmp_path / "out" / "湖" / "class_map.npy").exists()
    # mended, it is computed, and only that
    table.write_text("\n".join(lines).replace(";north;", ";0:9 0:8;"), "utf-16")
    assert main([*line, "--continue", "--no-refine", "--device", "cpu", "--format", "npy"]) == 1
    record = json.loads(capsys.readouterr().out)
    assert (record["tiles_computed"], record["tiles_kept"]) == (1, 3)
    assert [s["name"] for s in record["scenes"]] == [s["name"] for s in scenes]


def test_a_stopped_batch_goes_on_where_it_was(job, tmp_path, monkeypatch):
    reference = results_of(run_and_return(structs.replace(job, output=tmp_path / "reference")))
    token, real = CancelToken(), compute.compute_tile
    seen = []

    def stopping(task, given):
        seen.append(task.index)
        if len(seen) == 3:
            token.cancel()
        return real(task, given)

    monkeypatch.setattr(pools, "compute_tile", stopping)
    port = Recorder()
    with pytest.raises(TaskCancelledError):
        run_batch(structs.replace(job, token=token, port=port))
    assert port.items[-1] == Note("Stopped; what is finished is kept, and --continue resumes it.")
    monkeypatch.setattr(pools, "compute_tile", real)
    with pytest.raises(ExportError, match="add --continue"):
        run_batch(job)
    result = run_batch(structs.replace(job, resume=True))
    assert (result.computed, result.kept) == (3, 2)
    assert results_of(tmp_path / "out") == reference
    again = run_batch(structs.replace(job, resume=True))
    assert (again.computed, again.kept) == (0, 5)
    assert results_of(tmp_path / "out") == reference


def test_one_scene_that_is_stopped_says_that_its_tiles_are_kept(files, tmp_path, monkeypatch):
    monkeypatch.setattr(pools, "compute_tile", Mock(side_effect=TaskCancelledError))
    port = Recorder()
    with pytest.raises(TaskCancelledError):
        apply_model(files / "model", str(files / "large.npy"), Job(tmp_path / "o", port=port),
                    side=SIDE)  # fmt: skip
    assert any("--continue resumes it" in i.text for i in port.items if isinstance(i, Note))


@pytest.mark.parametrize("damage", ["cut", "changed", "of another plan"])
def test_a_damaged_tile_is_computed_again(job, tmp_path, damage, monkeypatch):
    scene = structs.replace(job, scenes=job.scenes[:1], part=(1, 2))
    run_batch(scene)
    path = tile_path(tmp_path / "out" / "large" / "tiles", 0)
    raw = bytearray(path.read_bytes())
    if damage == "cut":
        path.write_bytes(raw[:-9])
    elif damage == "changed":
        raw[-9] ^= 1
        path.write_bytes(raw)
    else:
        path.write_bytes(raw.replace(plan_digest(path).encode(), b"0" * 64))
    result = run_batch(structs.replace(scene, part=None, resume=True))
    assert (result.computed, result.kept) == (3, 1)


@pytest.mark.parametrize("change", ["model", "input", "options", "result"])
def test_what_has_changed_is_computed_again(job, files, tmp_path, change):
    source = tmp_path / "scene.npy"
    np.save(source, np.load(files / "small.npy"))
    one = structs.replace(job, scenes=[Scene(str(source))], resume=True)
    run_batch(one)
    assert run_batch(one).computed == 0
    if change == "input":
        np.save(source, np.load(files / "small.npy")[::-1])
    elif change == "options":
        one = structs.replace(one, options=replace(one.options, refine="weak"))
    elif change == "result":
        (tmp_path / "out" / "scene" / "class_map.img").write_bytes(b"")
    else:
        model = tmp_path / "model"
        model.mkdir()
        for path in (files / "model").glob("model.*"):
            (model / path.name).write_bytes(path.read_bytes())
        facts = json.loads((model / "model.json").read_text("utf-8"))
        facts["seconds"]["predict"] = 9.0  # which makes no other model
        (model / "model.json").write_text(json.dumps(facts), "utf-8")
        one = structs.replace(one, model=model)
        assert run_batch(one).computed == 0
        facts["warning"] = "trained on a Monday"
        (model / "model.json").write_text(json.dumps(facts), "utf-8")
    assert run_batch(one).computed == 1


def test_a_scene_that_changes_while_it_is_mapped_is_told(job, files, tmp_path, monkeypatch):
    source = tmp_path / "scene.npy"
    np.save(source, np.load(files / "large.npy"))
    planned = run.make_plan

    def then_written_again(*arguments):
        plan = planned(*arguments)
        np.save(source, np.load(source)[::-1])
        return plan

    monkeypatch.setattr(run, "make_plan", then_written_again)
    port = Recorder()
    one = structs.replace(job, scenes=[Scene(str(source))], port=port, formats=("npy",))
    assert [s.status for s in run_batch(one).scenes] == ["done"]
    told = "scene.npy changed meanwhile: the result may mix old values and new. Make it again."
    assert Note(f"scene: {told}") in port.items
    report = json.loads((tmp_path / "out" / "scene" / "report.json").read_text("utf-8"))
    assert told in report["warnings"]


def test_one_scene_of_many_tiles_that_changes_is_told(files, tmp_path, monkeypatch):
    source = tmp_path / "scene.npy"
    np.save(source, np.load(files / "large.npy"))
    put_together = apply.finish_scene

    def written_again(*arguments):
        np.save(source, np.load(source)[::-1])
        return put_together(*arguments)

    monkeypatch.setattr(apply, "finish_scene", written_again)
    alone = Job(tmp_path / "out", refine="none", formats=("npy",))
    warnings_of = apply_model(files / "model", str(source), alone, side=SIDE).report["warnings"]
    assert [text for text in warnings_of if text.startswith("scene.npy changed meanwhile")]


def test_all_may_be_moved_and_touched_in_between(job, files, tmp_path, monkeypatch):
    """Model, scene and results; also where all are named from the current folder."""
    reference = results_of(run_and_return(structs.replace(job, output=tmp_path / "reference")))
    for name in ("before", "after"):
        (tmp_path / name).mkdir()
    shutil.copytree(files / "model", tmp_path / "before" / "model")
    for name in ("large.npy", "small.npy"):
        shutil.copy(files / name, tmp_path / "before" / name)
    monkeypatch.chdir(tmp_path / "before")
    scenes = [Scene("large.npy"), Scene("small.npy")]
    moved = structs.replace(
        job, model=Path("model"), scenes=scenes, output=Path("out"), resume=True
    )
    assert run_batch(structs.replace(moved, part=(1, 2))).computed == 2
    monkeypatch.chdir(tmp_path / "after")
    for path in sorted((tmp_path / "before").iterdir()):
        path.rename(tmp_path / "after" / path.name)
    os.utime("large.npy", (1, 1))
    result = run_batch(moved)
    assert (result.computed, result.kept) == (3, 2)
    assert results_of(tmp_path / "after" / "out") == reference


def test_a_full_disk_stops_no_other_scene(job, tmp_path, monkeypatch):
    """Neither while a map is written nor while the failure is noted; the tiles stay."""
    real = run.finish_scene

    def failing(plan, *rest):
        if plan.source.endswith("large.npy"):
            raise ExportError("large.img could not be written: No space left on device.")
        return real(plan, *rest)

    def full(*targets, **named):
        if targets[0].suffix == ".error":
            raise ExportError("No space left on device")
        return replacing(*targets, **named)

    monkeypatch.setattr(run, "finish_scene", failing)
    monkeypatch.setattr(run, "replacing", full)
    result = run_batch(job)
    assert [s.status for s in result.scenes] == ["failed", "done"]
    assert "No space left" in result.scenes[0].error
    monkeypatch.setattr(run, "finish_scene", real)
    again = run_batch(structs.replace(job, resume=True))
    assert (again.computed, again.kept) == (0, 5)
    assert [s.status for s in again.scenes] == ["done", "done"]


def test_parts_make_the_same_whatever_their_order(refined, tmp_path):
    reference = results_of(run_and_return(structs.replace(refined, output=tmp_path / "reference")))
    for number in (3, 1, 1):
        result = run_batch(structs.replace(refined, part=(number, 3)))
        assert not result.failed
    assert [s.status for s in result.scenes].count("done") < 2
    result = run_batch(structs.replace(refined, part=(2, 3)))
    assert [s.status for s in result.scenes] == ["done", "done"]
    assert results_of(tmp_path / "out") == reference


@pytest.mark.parametrize("left", ["by a kill after the last file", "by a slower call"])
def test_tiles_of_a_scene_that_is_complete_do_not_stay(job, tmp_path, monkeypatch, left):
    """The same part twice at once: the other has put the scene together, and taken the tiles."""
    one = structs.replace(job, scenes=job.scenes[:1], part=(1, 1))
    tiles, real = tmp_path / "out" / "large" / "tiles", compute.compute_tile
    if left == "by a slower call":

        def overtaken(task, token):
            if task.index == 1:
                monkeypatch.setattr(pools, "compute_tile", real)
                run_batch(one)
                tiles.mkdir()
                tile_path(tiles, 1).write_bytes(b"of the slower call")
            return real(task, token)

        monkeypatch.setattr(pools, "compute_tile", overtaken)
    result = run_batch(one)
    if left == "by a kill after the last file":
        tiles.mkdir()
        tile_path(tiles, 1).write_bytes(b"no matter what")
        result = run_batch(one)
    assert [s.status for s in result.scenes] == ["done"]
    assert not tiles.exists()
    assert not list((tmp_path / "out" / ".batch").glob("*.error"))


def test_assembling_computes_nothing(job, tmp_path, capsys):
    run_batch(structs.replace(job, part=(1, 2)))
    result = run_batch(structs.replace(job, assemble=True))
    assert result.computed == 0
    unfinished = [s for s in result.scenes if s.status == "unfinished"]
    assert "tiles are not computed yet" in unfinished[0].error
    folder, (large, _) = tmp_path / "alone", (scene.source for scene in job.scenes)
    line = ["apply", str(job.model), large, "-o", str(folder), "--assemble", "--quiet"]
    assert main(line) == 1
    assert capsys.readouterr().err == "hsi-viewer: large: 1 of 1 tiles are not computed yet.\n"


def test_a_tile_that_fails_three_times_is_reported_and_the_rest_goes_on(job, tmp_path, monkeypatch):
    real, tried = compute.compute_tile, []

    def failing(task, token):
        if task.index == 2:
            tried.append(task)
            raise HsiError("the disk is worn")
        return real(task, token)

    monkeypatch.setattr(pools, "compute_tile", failing)
    result = run_batch(job)
    assert len(tried) == 3
    assert [s.status for s in result.scenes] == ["failed", "done"]
    assert "rows 32 to 50, columns 0 to 32: the disk is worn" in result.scenes[0].error
    monkeypatch.setattr(pools, "compute_tile", real)
    result = run_batch(structs.replace(job, resume=True))
    assert (result.computed, result.kept) == (1, 4)
    assert [s.status for s in result.scenes] == ["done", "done"]


def test_a_scene_of_another_sensor_is_not_tried_again(job, tmp_path, monkeypatch):
    real, tried = compute.compute_tile, []

    def counted(task, token):
        tried.append(task)
        return real(task, token)

    monkeypatch.setattr(pools, "compute_tile", counted)
    np.save(tmp_path / "other.npy", np.ones((20, 24, 7), np.float32))  # a tile
    scenes = [Scene(str(tmp_path / "other.npy")), job.scenes[1]]
    result = run_batch(structs.replace(job, scenes=scenes))
    assert [s.status for s in result.scenes] == ["failed", "done"]
    assert result.scenes[0].error.startswith("other.npy has 7 bands but the model was trained on")
    assert any(task.folder.endswith("other") for task in tried)
    assert len(tried) == len(set(tried))


def test_probabilities_are_kept_where_they_are_wanted(job, files, tmp_path):
    options = replace(job.options, probabilities=True)
    run_batch(structs.replace(job, options=options, formats=("probabilities", "npy")))
    shares = values_of(tmp_path / "out" / "large" / "probabilities.img")
    np.testing.assert_allclose(shares.sum(axis=0), 1, atol=1e-5)
    best = np.array([2, 5, 7, 9])[shares.argmax(axis=0)]
    np.testing.assert_array_equal(best, np.load(tmp_path / "out" / "large" / "class_map.npy"))


def run_and_return(job: BatchJob) -> Path:
    run_batch(job)
    return job.output


def summary_of(output: Path) -> list[dict[str, str]]:
    with (output / "summary.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def plan_digest(path: Path) -> str:
    plan = json.loads((path.parent / "plan.json").read_text("utf-8"))["digest"]
    assert tile_facts(path, plan) is not None
    return plan


def values_of(path: Path) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        with rasterio.open(path) as raster:
            return raster.read()


def test_a_scene_that_lies_where_its_map_would_is_left_as_it_is(job, files, tmp_path):
    own = tmp_path / "out" / "class_map" / "class_map.npy"
    own.parent.mkdir(parents=True)
    own.write_bytes((files / "small.npy").read_bytes())
    result = run_batch(structs.replace(job, scenes=[Scene(str(own))], overwrite=True))
    (scene,) = result.scenes
    assert scene.status == "failed"
    assert "class_map.npy is an input of this job" in scene.error
    assert own.read_bytes() == (files / "small.npy").read_bytes()
