"""How cubes were looked at: remembered, bounded, and never in the way."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.display.contrast import Contrast
from hsi_viewer.core.display.stretch import Limits
from hsi_viewer.preferences import view_memory
from hsi_viewer.preferences.view_memory import CubeView, ViewMemory
from hsi_viewer.rendering.band_samples import MAX_SAMPLES, Samples

CUBE = HyperCube.from_array(np.zeros((3, 4, 5)), name="made")
TYPED = Contrast("typed", limits=(Limits(0.1, 0.9),), linked=True)


def noted(book: ViewMemory, cube: HyperCube = CUBE) -> None:
    view = CubeView((4, 2, 0), "Viridis")
    view.note("True colour", TYPED)
    book.note(cube, view)


def test_what_is_noted_is_read_again(tmp_path):
    path = tmp_path / "made here" / "looks.json"
    book = ViewMemory(path)
    noted(book)
    book.save()
    assert ViewMemory(path).of(CUBE) == CubeView((4, 2, 0), "Viridis", book.of(CUBE).contrasts)
    assert ViewMemory(path).of(CUBE).contrasts["True colour"] == TYPED


def test_cubes_are_reported_apart_by_place_and_size(tmp_path):
    book = ViewMemory(tmp_path / "looks.json")
    noted(book)
    assert book.of(HyperCube.from_array(np.zeros((3, 4, 6)), name="made")) == CubeView()
    assert book.of(HyperCube.from_array(np.zeros((3, 4, 5)), name="made")) != CubeView()
    elsewhere = HyperCube.from_array(np.zeros((3, 4, 5)), name="made", path=Path("/a/made.img"))
    assert book.of(elsewhere) == CubeView()


def test_the_book_and_its_pages_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(view_memory, "MAX_CUBES", 3)
    monkeypatch.setattr(view_memory, "MAX_CONTRASTS", 2)
    book = ViewMemory(tmp_path / "looks.json")
    cubes = [HyperCube.from_array(np.zeros((1, 1, n)), name="n") for n in range(1, 6)]
    for cube in cubes:
        noted(book, cube)
    assert [book.of(c) != CubeView() for c in cubes] == [False, False, True, True, True]
    view = CubeView()
    for name in "abca":
        view.note(name, TYPED)
    assert list(view.contrasts) == ["c", "a"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"a": 3}',
        "[" * 100_000,
        json.dumps({"a": {"bands": [1, 2], "colours": "", "contrasts": {}}}),
        json.dumps({"a": {"bands": [-1], "colours": "", "contrasts": {}}}),
        json.dumps({"a": {"bands": [], "colours": "", "contrasts": {"x": {"kind": "odd"}}}}),
        '{"a": {"bands": [], "colours": "", "contrasts": {"x": {"kind": "typed",'
        ' "percent": [2, 98], "limits": [[NaN, 1]], "linked": false}}}}',
    ],
)
def test_a_damaged_book_is_empty(tmp_path, text):
    path = tmp_path / "looks.json"
    path.write_text(text)
    assert ViewMemory(path).of(CUBE) == CubeView()


def test_a_folder_that_cannot_be_written_is_no_matter(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    book = ViewMemory(tmp_path / "file" / "looks.json")
    noted(book)
    book.save()
    assert "not saved" in caplog.text


def test_samples_are_read_once_and_bounded():
    reads = []

    class Counting:
        shape = (8, 9, 40)
        dtype = np.dtype(np.int16)

        def read(self, rows, columns, bands):
            reads.append(tuple(bands))
            return np.broadcast_to(bands.astype(np.int16), (8, 9, len(bands)))

    cube, samples = HyperCube(Counting()), Samples()
    red, green, again = samples.of(cube, (3, 1, 3))
    assert red is again
    assert (red.values == 3).all()
    assert (green.values == 1).all()
    samples.of(cube, (1, 2))
    assert reads == [(3, 1), (2,)]
    for band in range(40):
        samples.of(cube, (band,))
    samples.of(cube, tuple(range(40 - MAX_SAMPLES, 40)))
    assert len(reads) == 2 + 37
    assert samples.of(HyperCube(Counting()), (39,))[0].values.size == 72
    assert len(reads) == 2 + 38
