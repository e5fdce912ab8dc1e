"""What is written beside the cube into a MATLAB file, and what is not there to be written."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.io import loadmat

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.io.writers.cube_writer import write_cube

VALUES = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
GOOD = np.array([True, True, False, True])
NM = np.array([400.0, 500.0, 600.0, 700.0])


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({}, {}),
        ({"good_bands": GOOD}, {"good_bands": [1, 1, 0, 1]}),
        (
            {"wavelengths": NM},
            {"wavelengths": NM, "wavelength_units": "nm", "good_bands": [1, 1, 1, 1]},
        ),
        ({"nodata": -1.0, "scale": 0.5}, {"nodata": -1, "scale_factor": 0.5}),
        ({"offset": 3.0}, {"add_offset": 3}),
        ({"default_bands": (2, 1, 0)}, {"default_bands": [3, 2, 1]}),
        ({"band_names": ("a", "b", "c", "d")}, {"band_names": ["a", "b", "c", "d"]}),
    ],
)
def test_only_what_is_known_is_written(tmp_path, fields, found):
    write_cube(HyperCube.from_array(VALUES, **fields), tmp_path / "a.mat")
    made = loadmat(tmp_path / "a.mat", squeeze_me=True)
    written = {name: value for name, value in made.items() if not name.startswith("__")}
    np.testing.assert_array_equal(written.pop("cube"), VALUES)
    assert written.pop("dimensions").tolist() == ["row", "column", "band"]
    assert written.keys() == found.keys()
    for name, value in found.items():
        assert np.asarray(written[name]).tolist() == np.asarray(value).tolist(), name
