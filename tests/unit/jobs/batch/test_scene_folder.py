"""Of a folder, the scenes in it are mapped; a folder that is a scene is one."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FormatError
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.writers.cube_writer import write_cube
from hsi_viewer.jobs.batch.scene_folder import scenes_of

VALUES = np.random.default_rng(0).random((5, 6, 9)).astype("f4")
SCENE = HyperCube.from_array(VALUES, wavelengths=np.linspace(400, 900, 9))


@pytest.fixture
def flight(tmp_path):
    """A folder of scenes of several formats."""
    folder = tmp_path / "flight"
    folder.mkdir()
    for name in ("b.hdr", "a.tif", "d.zarr", "c.mat"):
        write_cube(SCENE, folder / name)
    return folder


def bands(folder):
    """A folder of one image per band."""
    folder.mkdir(exist_ok=True)
    for k in range(3):
        Image.fromarray(np.full((5, 6), k, "u1")).save(folder / f"band{k}.png")
    return folder


def test_scenes_of_every_kind_by_name_each_once(flight):
    (flight / "c.mat.hsi.json").write_text('{"schema_version": 1}')
    (flight / "readme.txt").write_text("Flown at noon.")
    (flight / ".old.npy").write_bytes(b"")
    (flight / "below").mkdir()
    write_cube(SCENE, flight / "below" / "e.npy")
    names = ["a.tif", "b.hdr", "c.mat", "d.zarr"]
    assert scenes_of(str(flight)) == ([str(flight / name) for name in names], [])


def test_what_is_no_scene_is_left_out_with_its_reason(flight):
    np.save(flight / "labels.npy", VALUES[:, :, 0])
    np.savez(flight / "two.npz", a=VALUES, b=VALUES)
    (flight / "broken.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(20))
    (flight / "empty.tif").write_bytes(b"")
    Image.fromarray(np.zeros((5, 6, 3), "u1")).save(flight / "quick.png")
    scenes, (note,) = scenes_of(str(flight))
    assert len(scenes) == 4
    for said in (
        "broken.h5 (is damaged",
        "empty.tif (is empty (0 bytes)",
        "labels.npy (a single band)",
        "quick.png (a picture)",
        "two.npz (several arrays: name one)",
    ):
        assert said in note


def test_a_folder_that_is_a_scene_is_one(flight, tmp_path):
    for folder in (flight / "d.zarr", bands(tmp_path / "bands")):
        assert scenes_of(str(folder)) == ([str(folder)], [])
    np.save(tmp_path / "bands" / "labels.npy", VALUES[:, :, 0])
    assert scenes_of(str(tmp_path / "bands")) == ([str(tmp_path / "bands")], [])


def test_scenes_beside_images_of_one_band_are_the_scenes(flight):
    bands(flight)
    scenes, (note,) = scenes_of(str(flight))
    assert len(scenes) == 4
    assert "band0.png (a single band)" in note


def test_what_is_no_folder_stays_as_it_is(flight):
    for source in ("sample:indian-pines", str(flight / "none.hdr"), f"{flight / 'c.mat'}:cube"):
        assert scenes_of(source) == ([source], [])


def test_a_folder_without_scenes_says_what_is_in_it(tmp_path):
    with pytest.raises(FormatError, match=r"can be opened\. Name scenes"):
        scenes_of(str(tmp_path))
    np.save(tmp_path / "labels.npy", VALUES[:, :, 0])
    with pytest.raises(FormatError, match=r"opened, only labels\.npy \(a single band\)"):
        scenes_of(str(tmp_path))


def test_each_scene_of_a_folder_opens(flight):
    for scene in scenes_of(str(flight))[0]:
        np.testing.assert_array_equal(open_cube(scene).read(), VALUES)
