"""Where a cube of a session is looked for, and how it is known again."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.analysis.pixel_spectrum import SpectrumRequest, read_pixel
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FormatError
from hsi_viewer.session.storage.cube_reference import (
    MAX_PIXELS,
    CubeReference,
    reference_from_json,
    reference_to,
    sample_digest,
)

VALUES = np.arange(12 * 10 * 20, dtype=np.int16).reshape(12, 10, 20)
CUBE = HyperCube.from_array(VALUES, name="scene")


@pytest.mark.parametrize("source", ["sample:indian-pines", "scene:pavia"])
def test_a_scene_of_the_application_lies_in_no_folder(source, tmp_path):
    reference = reference_to(source, CUBE)
    assert not reference.is_file
    assert reference.relative_to(tmp_path) == ""
    assert reference.found(tmp_path) == reference.source == source
    assert list(reference.locations(tmp_path)) == [source]


def test_a_file_is_looked_for_from_the_session_beside_it_and_where_it_was(tmp_path):
    old, data = tmp_path / "old", tmp_path / "new" / "data"
    data.mkdir(parents=True)
    old.mkdir()
    (old / "cube.h5").touch()
    reference = reference_to(f"{old / 'cube.h5'}:b/c", CUBE, "ab")
    (old / "cube.h5").unlink()
    assert (reference.part, reference.digest, reference.name) == ("b/c", "ab", "scene")
    moved = CubeReference(**{**vars(reference), "relative": "data/cube.h5"})
    folder = tmp_path / "new"
    assert moved.found(folder) is None
    locations = [folder / "data" / "cube.h5", folder / "cube.h5", old / "cube.h5"]
    assert list(moved.locations(folder)) == [str(p) for p in locations]
    for location in reversed(locations):  # the likeliest is written last, and wins
        location.touch()
        assert moved.found(folder) == f"{location}:b/c"
    assert moved.found() == f"{locations[-1]}:b/c"
    assert reference.relative_to(tmp_path / "new") == "../old/cube.h5"
    (old / "cube.h5").touch()
    back = CubeReference(**{**vars(reference), "relative": "../old/cube.h5"})
    assert back.found(folder) == f"{old / 'cube.h5'}:b/c"  # which the user reads in dialogs


def test_another_size_does_not_fit_and_other_bands_or_values_are_doubtful():
    reference = reference_to("sample:x", CUBE, sample_digest(CUBE))
    assert reference.disabled_reason(CUBE) is None
    assert reference.doubt(CUBE) is None
    for shape in ((10, 12, 20), (12, 11, 20)):
        other = HyperCube.from_array(np.zeros(shape), name="other")
        assert "made on scene with 12 x 10" in reference.disabled_reason(other)
    fewer = HyperCube.from_array(VALUES[:, :, :19], name="fewer")
    assert reference.disabled_reason(fewer) is None
    assert "fewer now has 19 bands; it had 20" in reference.doubt(fewer)
    changed = HyperCube.from_array(VALUES + 1, name="changed")
    assert "differ from those" in reference.doubt(changed)
    assert reference_to("sample:x", CUBE).doubt(changed) is None


@pytest.mark.parametrize("position", [(0, 0, 0), (11, 9, 19), (0, 9, 0), (11, 0, 19)])
def test_a_digest_sees_the_corners_and_the_type(position):
    values = VALUES.copy()
    values[position] += 1
    digests = {
        sample_digest(HyperCube.from_array(v)) for v in (VALUES, values, VALUES.astype("i4"))
    }
    assert len(digests) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"shape": [0, 1, 1]}, {"shape": [1, 1]}, {"shape": [1, 1, 0]}, {"shape": "abc"},
        {"shape": [MAX_PIXELS, 2, 1]}, {"source": None}, {"name": 3}, {"relative": None},
        {"part": []}, {"shape": [1e400, 1, 1]},
    ],
)  # fmt: skip
def test_a_damaged_reference_is_refused(change):
    good = {"source": "a", "name": "b", "shape": [1, MAX_PIXELS, 1], "digest": "c"}
    assert reference_from_json(good) == CubeReference("a", "b", (1, MAX_PIXELS, 1), "c")
    with pytest.raises(FormatError, match="damaged"):
        reference_from_json({**good, **change})


def test_a_pixel_is_read_of_the_cube_and_of_the_image_that_is_shown():
    image = HyperCube.from_array(VALUES[:, :, :1] * 2.0)
    alone = read_pixel(SpectrumRequest(CUBE, 3, 7))
    np.testing.assert_array_equal(alone.values, VALUES[3, 7])
    assert alone.shown is None
    request = SpectrumRequest(CUBE, 11, 0, image)
    found = read_pixel(request)
    assert found.request is request
    np.testing.assert_array_equal(found.values, VALUES[11, 0])
    np.testing.assert_array_equal(found.shown, VALUES[11, 0, :1] * 2)


def test_the_cube_of_a_session_of_another_version_is_known_again():
    assert sample_digest(CUBE) == "6f5e047c3cda54dd16819f8364a17ba300990ed901c4e658d4b9dc61e329768c"
