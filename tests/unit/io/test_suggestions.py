"""What a file that is not a cube can be used for in the open scene."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.io import suggestions
from hsi_viewer.io.suggestions import is_library, other_uses

CUBE = HyperCube.from_array(np.ones((4, 5, 3)), wavelengths=[500, 600, 700])
SPECTRA = "nm,Oak,Birch\n500,0.1,0.2\n600,0.2,0.3\n700,0.4,0.5\n"


@pytest.fixture
def files(tmp_path):
    np.save(tmp_path / "labels.npy", np.ones((4, 5), np.uint8))
    np.save(tmp_path / "other.npy", np.ones((3, 9), np.uint8))
    (tmp_path / "library.csv").write_text(SPECTRA)
    (tmp_path / "notes.txt").write_text("Nothing of the kind.")
    (tmp_path / "library.doc").write_text(SPECTRA)
    square = {"type": "Polygon", "coordinates": [[[0, 0], [2, 0], [2, 2], [0, 0]]]}
    feature = {"type": "Feature", "properties": {"class": 1}, "geometry": square}
    shapes = {"type": "FeatureCollection", "features": [feature]}
    (tmp_path / "shapes.geojson").write_text(json.dumps(shapes))
    return tmp_path


@pytest.mark.parametrize(
    ("name", "uses"),
    [
        ("labels.npy", ("labels",)),
        ("other.npy", ("labels",)),  # which is asked where they lie
        ("library.csv", ("library",)),
        ("notes.txt", ()),
        ("library.doc", ()),
    ],
)
def test_uses_are_found_by_trying_them(files, name, uses):
    assert other_uses(files / name, CUBE) == uses
    assert is_library(files / name) == ("library" in uses)


def test_a_large_file_is_not_tried(files, monkeypatch):
    size = (files / "library.csv").stat().st_size
    monkeypatch.setattr(suggestions, "MOST_BYTES", size - 1)
    assert other_uses(files / "library.csv", CUBE) == ()
    assert not is_library(files / "library.csv")
    monkeypatch.setattr(suggestions, "MOST_BYTES", size)
    assert other_uses(files / "library.csv", CUBE) == ("library",)
