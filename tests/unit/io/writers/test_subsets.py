"""Windows, bands and wavelengths of a cube, before anything is written."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import ExportError
from hsi_viewer.io.arrays import hdf5_source
from hsi_viewer.io.arrays.hdf5_source import H5Source
from hsi_viewer.io.writers.subset import Subset, subset_cube

NM = np.array([400.0, 500.0, 600.0, 700.0])
VALUES = np.random.default_rng(0).normal(size=(5, 6, 4))


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 1, 0, 2]])
def test_wavelengths_from_end_to_end_are_on_the_line_between_bands(order):
    cube = HyperCube.from_array(VALUES[:, :, order], NM[order])
    wanted = np.array([400.0, 425.0, 600.0, 690.0, 700.0])
    found = subset_cube(cube, Subset(wavelengths=tuple(wanted)))
    expected = np.apply_along_axis(lambda v: np.interp(wanted, NM, v), 2, VALUES)
    np.testing.assert_allclose(found.read(), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(found.wavelengths, wanted)


@pytest.mark.parametrize("nm", [(399.9, 500.0), (500.0, 700.1)])
def test_wavelengths_beyond_the_ends_are_refused(nm):
    with pytest.raises(ExportError, match="reaches from 400 to 700 nm"):
        subset_cube(HyperCube.from_array(VALUES, NM), Subset(wavelengths=nm))


def test_two_good_bands_are_enough_and_one_is_not():
    def of(*good: int) -> HyperCube:
        return HyperCube.from_array(VALUES, NM, good_bands=np.array(good, bool))

    found = subset_cube(of(0, 1, 0, 1), Subset(wavelengths=(600.0,))).read()[:, :, 0]
    np.testing.assert_allclose(found, (VALUES[:, :, 1] + VALUES[:, :, 3]) / 2, atol=1e-6)
    for cube, reach in ((of(0, 1, 0, 0), "500 to 500 nm"), (of(0, 0, 0, 0), "nothing")):
        with pytest.raises(ExportError, match=f"reaches from {reach}"):
            subset_cube(cube, Subset(wavelengths=(500.0,)))


def test_a_value_that_is_missing_in_either_band_is_missing():
    values = VALUES.copy()
    values[2, 3, 1] = -9
    cube = HyperCube.from_array(values, NM, nodata=-9.0)
    found = subset_cube(cube, Subset(wavelengths=(450.0, 550.0, 650.0))).read()
    assert np.argwhere(np.isnan(found)).tolist() == [[2, 3, 0], [2, 3, 1]]


@pytest.mark.parametrize(
    ("subset", "refused"),
    [
        (Subset(rows=(0, 5)), False),
        (Subset(rows=(4, 5)), False),
        (Subset(rows=(2, 2)), True),
        (Subset(rows=(-1, 2)), True),
        (Subset(rows=(0, 6)), True),
        (Subset(columns=(5, 6)), False),
        (Subset(columns=(3, 7)), True),
        (Subset(bands=(3, 0)), False),
        (Subset(bands=()), True),
        (Subset(bands=(4,)), True),
        (Subset(bands=(-1,)), True),
    ],
)
def test_a_subset_lies_inside_its_cube(subset, refused):
    cube = HyperCube.from_array(VALUES, NM)
    if refused:
        with pytest.raises(ExportError, match=r"within 0 to|must be between 0 and"):
            subset_cube(cube, subset)
        return
    rows = slice(*(subset.rows or (0, 5)))
    columns = slice(*(subset.columns or (0, 6)))
    bands = [0, 1, 2, 3] if subset.bands is None else list(subset.bands)
    found = subset_cube(cube, subset)
    np.testing.assert_array_equal(found.read(), VALUES[rows, columns][:, :, bands])
    np.testing.assert_array_equal(found.wavelengths, NM[bands])


def test_of_what_is_thinned_out_a_bounded_part_is_read_at_once(tmp_path, monkeypatch):
    """Whole chunks at a time, as many as fit, and each of them once."""
    values = np.arange(64 * 10 * 3, dtype=np.int16).reshape(64, 10, 3)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("cube", data=values, chunks=(4, 10, 3))
    monkeypatch.setattr(hdf5_source, "BLOCK_BYTES", 10 * 10 * 3 * 2)  # ten rows
    with h5py.File(tmp_path / "a.h5") as file:
        source = H5Source(file["cube"], (0, 1, 2))
        reads: list[slice] = []
        real = source._window

        def window(rows, columns, bands):
            reads.append(rows)
            return real(rows, columns, bands)

        monkeypatch.setattr(source, "_window", window)
        for step, most in ((1, 8), (3, 28)):
            reads.clear()
            found = source.read(slice(2, 64, step), slice(0, 10, 1), None)
            np.testing.assert_array_equal(found, values[2::step])
            assert max(r.stop - r.start for r in reads) <= most
            chunks = [{row // 4 for row in range(r.start, r.stop)} for r in reads]
            assert sum(map(len, chunks)) == len(set().union(*chunks))
