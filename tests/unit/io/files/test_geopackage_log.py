"""A GeoPackage whose last changes lie beside it, as a program that was killed leaves them."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

import numpy as np
import pytest
import shapely

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FormatError
from hsi_viewer.io.files.gdal_vector import write_layer
from hsi_viewer.io.regions.import_export import import_regions

SCENE = HyperCube.from_array(np.zeros((20, 20, 1), np.uint8))


@pytest.fixture
def left(tmp_path):
    """The file, in a folder with the changes that were not written into it."""
    path, left = tmp_path / "a.gpkg", tmp_path / "left"
    write_layer(path, [shapely.box(1, 1, 5, 5)], {"class": np.array(["oak"], object)}, None)
    left.mkdir()
    with closing(sqlite3.connect(path)) as base:
        base.execute("PRAGMA journal_mode = WAL")
        base.execute("DROP TRIGGER IF EXISTS rtree_a_geom_update6")
        for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            base.execute(f'DROP TRIGGER "{name}"')
        base.execute("UPDATE a SET class = 'pine'")
        base.commit()
        for file in tmp_path.glob("a.gpkg*"):
            shutil.copy(file, left)
    return left / "a.gpkg"


def test_the_changes_are_read_and_nothing_is_written(left):
    before = {file.name: file.read_bytes() for file in left.parent.iterdir()}
    assert import_regions(left, SCENE).names == {1: "pine"}
    after = {file.name: file.read_bytes() for file in left.parent.iterdir()}
    before.pop("a.gpkg-shm"), after.pop("a.gpkg-shm")  # where SQLite notes who reads
    assert after == before
    assert len(after) == 2


def test_damaged_changes_are_refused_or_left_out(left):
    log = left.with_name("a.gpkg-wal")
    log.write_bytes(log.read_bytes()[:40])
    left.with_name("a.gpkg-shm").unlink()
    try:
        assert set(import_regions(left, SCENE).names.values()) == {"oak"}
    except FormatError as error:
        assert "a.gpkg" in str(error)  # noqa: PT017 - either is right
