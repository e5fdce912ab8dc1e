"""Numbers by which formats name their types and values, as others have them who read them too."""

from __future__ import annotations

import struct

import numpy as np
from scipy.io.matlab import _mio4, _mio5_params
from spectral.io.envi import envi_to_dtype
from tifffile import TIFF

from hsi_viewer.io.arrays import mat4, mat5, netcdf3_header
from hsi_viewer.io.envi.header import DTYPES
from hsi_viewer.io.laboratory.scan import CEILINGS
from hsi_viewer.io.rasters.cut_tags import SIZES


def test_types_of_envi_are_those_of_spectral_python():
    theirs = {int(code): np.dtype(kind) for code, kind in envi_to_dtype.items()}
    assert {code: np.dtype(kind) for code, kind in DTYPES.items()} == theirs


def test_types_of_tiff_tags_are_as_wide_as_those_of_tifffile():
    theirs = {code: struct.calcsize(f"<{kind}") for code, kind in TIFF.DATA_FORMATS.items()}
    assert {int(code): size for code, size in theirs.items()} == SIZES


def test_types_of_matlab_are_those_of_scipy():
    """Numbers of classes and of elements, by the constants there, which are private."""
    for code, name in mat5.CLASSES.items():
        named = {"function": "FUNCTION", "object": "OBJECT"}.get(name, name.upper())
        known = [
            value
            for key, value in vars(_mio5_params).items()
            if key.startswith(f"mx{named}_CLASS") or key == f"mx{named}"
        ]
        assert code in known or code == _mio5_params.mxOPAQUE_CLASS, name
    names = {f"i{n}": f"INT{8 * n}" for n in (1, 2, 4, 8)}
    names |= {f"u{n}": f"UINT{8 * n}" for n in (1, 2, 4, 8)} | {"f4": "SINGLE", "f8": "DOUBLE"}
    theirs = {getattr(_mio5_params, f"mi{name}"): kind for kind, name in names.items()}
    assert theirs == mat5.STORED
    assert (_mio5_params.miMATRIX, _mio5_params.miCOMPRESSED) == (mat5.MATRIX, mat5.COMPRESSED)
    assert [
        getattr(_mio5_params, f"mx{name}_CLASS")
        for name in ("CELL", "STRUCT", "CHAR", "SPARSE", "OPAQUE")
    ] == [mat5.CELL, mat5.STRUCT, mat5.CHAR, mat5.SPARSE, mat5.OPAQUE]
    numbered = {k: v for k, v in _mio4.mdtypes_template.items() if isinstance(k, int)}
    assert {code: kind for code, (kind, _) in mat4.STORED.items()} == numbered


def test_types_of_netcdf_are_those_of_its_format():
    """CDF-5 has the unsigned and the 64-bit ones besides; all are big-endian."""
    assert (
        dict(
            enumerate(
                (">i1", "S1", ">i2", ">i4", ">f4", ">f8", ">u1", ">u2", ">u4", ">i8", ">u8"), 1
            )
        )
        == netcdf3_header.TYPES
    )
    assert (netcdf3_header.DIMENSIONS, netcdf3_header.VARIABLES) == (10, 11)
    assert netcdf3_header.ATTRIBUTES == 12
    assert netcdf3_header.STREAMING == (2**32 - 1, 2**64 - 1)


def test_detectors_end_at_a_power_of_two_some_moved_up():
    plain = {2**bits - 1 for bits in (8, 10, 12, 14, 16)}
    moved = {(2**bits - 1) << (16 - bits) for bits in (10, 12, 14)}
    assert set(CEILINGS) == plain | moved
    assert list(CEILINGS) == sorted(CEILINGS)
