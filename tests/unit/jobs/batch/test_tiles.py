"""Tiles in their files, the image that they make, and the plan that they belong to."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from safetensors import safe_open

from hsi_viewer.core.prediction import Prediction
from hsi_viewer.jobs.batch.finish import Manifest, WrittenFile, facts_of, finished, read_manifest
from hsi_viewer.jobs.batch.mosaic import Mosaic, mosaic_of
from hsi_viewer.jobs.batch.plan import MapOptions, ScenePlan, plan_digest, read_plan
from hsi_viewer.jobs.batch.scenes import Scene
from hsi_viewer.jobs.batch.tile_file import TileFacts, rows_of, tile_facts, tile_path, write_tile

WINDOWS = [
    (slice(0, 3), slice(0, 4)),
    (slice(0, 3), slice(4, 6)),
    (slice(3, 5), slice(0, 4)),
    (slice(3, 5), slice(4, 6)),
]
IDS = np.arange(30, dtype=np.uint16).reshape(5, 6)
SHARES = np.random.default_rng(0).random((5, 6, 2)).astype(np.float32)
SURE = SHARES.max(axis=2)
OPTIONS = MapOptions("full", "scene", "cpu", 32, True, "region.gpkg", "mask.tif")


@pytest.fixture
def tiles(tmp_path):
    """A map of 5 x 6 pixels in four tiles."""
    for index, window in enumerate(WINDOWS):
        part = Prediction(IDS[window], SURE[window], (2, 5), SHARES[window], source="LDA")
        write_tile(tile_path(tmp_path, index), part, "plan", 1.23456, [], probabilities=True)
    return tmp_path


def test_what_a_tile_says_of_itself(tmp_path):
    ids = np.array([[0, 2, 5]], np.uint16)
    sure = np.array([[0, 0.5, 0.25]], np.float32)
    made = Prediction(ids, sure, (2, 5), None, source="LDA, refined", outside=0.5)
    path = tile_path(tmp_path, 12)
    assert path == tmp_path / "tile-000012.safetensors"
    said = write_tile(path, made, "plan", 1.23456, ["odd"], probabilities=False)
    of_map = b"class_map (1, 3) uint16" + ids.tobytes()
    of_confidence = b"confidence (1, 3) float32" + sure.tobytes()
    wanted = hashlib.sha256(of_map + of_confidence).hexdigest()
    assert said == TileFacts("plan", wanted, "LDA, refined", 2, 0.5, 0.75, 1.235, ["odd"])
    assert tile_facts(path, "plan") == said
    assert tile_facts(path, "another") is None
    assert tile_facts(tmp_path / "none", "plan") is None


@pytest.mark.parametrize(("kept", "given"), [(True, True), (True, False), (False, True)])
def test_probabilities_are_in_a_tile_where_they_are_known_and_wanted(tmp_path, kept, given):
    shares = SHARES.astype(np.float64) if given else None
    made = Prediction(IDS, SURE, (2, 5), shares)
    write_tile(tmp_path / "t", made, "plan", 0.0, [], probabilities=kept)
    with safe_open(tmp_path / "t", "numpy") as file:
        assert ("probabilities" in file.keys()) == (kept and given)  # noqa: SIM118
    if kept and given:
        np.testing.assert_array_equal(rows_of(tmp_path / "t", "probabilities", slice(1, 3)),
                                      SHARES[1:3])  # fmt: skip


@pytest.mark.parametrize("rows", [slice(0, 5), slice(2, 4), slice(3, 4), slice(4, 99), slice(1, 1)])
def test_rows_of_a_mosaic_are_those_of_the_map(tiles, rows):
    mosaic = Mosaic(tiles, WINDOWS, "class_map", (5, 6), np.uint16)
    np.testing.assert_array_equal(mosaic[rows], IDS[rows])
    assert mosaic[rows].dtype == np.uint16


def test_a_mosaic_is_an_array_a_source_and_another_type(tiles):
    ids = Mosaic(tiles, WINDOWS, "class_map", (5, 6), np.uint16)
    np.testing.assert_array_equal(np.asarray(ids), IDS)
    assert np.asarray(ids).dtype == np.uint16
    assert np.asarray(ids, np.float64).dtype == np.float64
    other = ids.astype(np.int32)
    assert (other.shape, other[:2].dtype) == ((5, 6), np.int32)
    shares = Mosaic(tiles, WINDOWS, "probabilities", (5, 6, 2), np.float32)
    window = slice(1, 5, 2), slice(1, 6, 3)
    np.testing.assert_array_equal(shares.read(*window, None), SHARES[window])
    bands = np.array([1])
    np.testing.assert_array_equal(shares.read(slice(0, 5, None), slice(0, 6), bands),
                                  SHARES[..., 1:])  # fmt: skip


@pytest.mark.parametrize("probabilities", [True, False])
def test_the_prediction_of_a_scene_is_that_of_its_tiles(tiles, probabilities):
    made = mosaic_of(tiles, WINDOWS, (5, 6), (2, 5), "LDA", 0.25, probabilities=probabilities)
    np.testing.assert_array_equal(np.asarray(made.class_map), IDS)
    np.testing.assert_array_equal(np.asarray(made.confidence), SURE)
    assert (made.class_ids, made.source, made.outside) == ((2, 5), "LDA", 0.25)
    assert (made.probabilities is not None) == probabilities
    if probabilities:
        np.testing.assert_array_equal(np.asarray(made.probabilities), SHARES)


def plan(**changes) -> ScenePlan:
    windows = [((r.start, r.stop), (c.start, c.stop)) for r, c in WINDOWS]
    made = ScenePlan(
        1, "plan", "s.npy", (1, 6), (2, 8), "m", "md", OPTIONS, (5, 6), windows, {"mean": [0.5]}
    )
    return replace(made, **changes)


def test_a_plan_is_read_as_it_was_written(tmp_path):
    assert read_plan(tmp_path) is None
    (tmp_path / "tiles").mkdir()
    for made in (plan(), plan(rows=None, columns=None)):
        made.write(tmp_path)
        assert read_plan(tmp_path) == made
    assert plan().slices == WINDOWS
    assert plan().scene == Scene("s.npy", (1, 6), (2, 8))
    plan(version=2).write(tmp_path)
    assert read_plan(tmp_path) is None
    (tmp_path / "tiles" / "plan.json").write_text('{"version": 1}')
    assert read_plan(tmp_path) is None


def test_every_part_of_what_decides_a_map_is_in_its_digest():
    whole = ([{"name": "a"}], Scene("s", (1, 6), (2, 8)), "md", OPTIONS, {"numpy": "2"})
    others = (
        [{"name": "b"}],
        Scene("s", (1, 5), (2, 8)),
        "other",
        replace(OPTIONS, side=33),
        {"numpy": "1"},
    )
    found = {plan_digest(*whole)}
    for place, other in enumerate(others):
        found.add(plan_digest(*(other if i == place else part for i, part in enumerate(whole))))
    found.add(plan_digest(whole[0], Scene("s", (1, 6), (2, 7)), *whole[2:]))
    assert len(found) == 7
    moved = plan_digest(whole[0], Scene("elsewhere/s", (1, 6), (2, 8), "n"), *whole[2:])
    assert moved in found


def test_facts_are_those_of_the_tiles_that_are_there(tiles):
    folder = tiles / "scene"
    (folder / "tiles").mkdir(parents=True)
    for index in (1, 3):
        tile_path(tiles, index).rename(tile_path(folder / "tiles", index))
    assert [f is not None for f in facts_of(plan(), folder)] == [False, True, False, True]


def written(folder, **changes) -> Manifest:
    (folder / "map.npy").write_bytes(b"ids")
    files = [WrittenFile("map.npy", 3, hashlib.sha256(b"ids").hexdigest())]
    parts = {
        "version": 1, "digest": "plan", "source": "s", "model": "m", "model_digest": "md",
        "options": {}, "shape": (5, 6), "statistics": {}, "mapped": 30, "confidence": 0.5,
        "outside": None, "tiles": [], "files": files, "formats": ["npy", "png"],
    }  # fmt: skip
    made = Manifest(**(parts | changes))
    (folder / "manifest.json").write_text(json.dumps(asdict(made)), "utf-8")
    return made


def test_a_scene_is_finished_if_all_that_was_written_is_still_so(tmp_path):
    assert read_manifest(tmp_path) is None
    made = written(tmp_path)
    assert read_manifest(tmp_path) == made
    assert finished(tmp_path, "plan", ["npy"]) == made == finished(tmp_path, "plan", ["png", "npy"])
    assert finished(tmp_path, "plan", ["npy", "tif"]) is None
    assert finished(tmp_path, "another", ["npy"]) is None
    for damage in (b"idz", b"idss"):
        (tmp_path / "map.npy").write_bytes(damage)
        assert finished(tmp_path, "plan", ["npy"]) is None
    (tmp_path / "map.npy").unlink()
    assert finished(tmp_path, "plan", ["npy"]) is None
    written(tmp_path, version=2)
    assert read_manifest(tmp_path) is None
    assert finished(tmp_path, "plan", ["npy"]) is None
