"""A cube in words: what is known is said, what is not known is left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hsi_viewer.analysis.cube_description import describe_cube
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference

VALUES = np.zeros((1200, 3, 4), np.int16)


def test_a_bare_cube_says_little():
    text = describe_cube(HyperCube.from_array(VALUES, name="Plain"))
    assert text.splitlines() == [
        "## Plain",
        "",
        "",
        "",
        "| | |",
        "|---|---|",
        "| **Size** | 1,200 rows × 3 columns × 4 bands |",
        "| **Values** | int16 |",
        "| **Format** | array |",
    ]


def test_all_that_a_file_gave_is_reported():
    cube = HyperCube.from_array(
        VALUES,
        [400.0, 500.0, 2400.04, 700.0],
        about="CC0",
        scale=1e-4,
        offset=-0.1,
        path=Path("a.hdr"),
        format_name="ENVI",
        interleave="bil",
        nodata=-9999.0,
        good_bands=np.array([True, False, False, True]),
        georeference=Georeference(map_info="{UTM, 1, 1}"),
        warnings=("One byte too many.", "No header."),
    )
    lines = describe_cube(cube).splitlines()
    assert lines[2] == "CC0"
    for name, value in {
        "Values": "int16, scale 0.0001, offset -0.1",
        "Format": "ENVI BIL",
        "File": "a.hdr",
        "Wavelengths": "400.0 to 2400.0 nm",
        "Bad bands": "2",
        "No data": "-9999",
        "Map info": "{UTM, 1, 1}",
    }.items():
        assert f"| **{name}** | {value} |" in lines
    assert lines[-3:] == ["### Warnings from the file", "- One byte too many.", "- No header."]


def test_a_place_without_the_text_of_a_header_is_not_listed():
    place = Georeference((1.0, 0.0, 0.0, 0.0, -1.0, 0.0))
    assert "Map info" not in describe_cube(HyperCube.from_array(VALUES, georeference=place))


@pytest.mark.parametrize(
    ("wavelengths", "expected"),
    [([np.nan, 500.0, 600.0, np.nan], "500.0 to 600.0 nm"), ([np.nan] * 4, None)],
)
def test_unknown_wavelengths_are_left_out(wavelengths, expected):
    text = describe_cube(HyperCube.from_array(VALUES, wavelengths))
    assert "nan" not in text
    assert (f"| **Wavelengths** | {expected} |" in text) == (expected is not None)
