"""ENVI headers whose values procedures of ENVI read, as those of PCI."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.errors import FormatError
from hsi_viewer.io.files.raw_source import ORDERS
from hsi_viewer.io.opening import open_cube

CUBE = np.arange(5 * 6 * 7, dtype="<u2").reshape(5, 6, 7)
PROCEDURES = "{pci_read_spatial, pci_read_spectral}"
OWN = "{my_read_spatial, my_read_spectral}"


@pytest.mark.parametrize(
    ("kind", "procedures"), [("PCI", PROCEDURES), ("PCI", ""), ("ENVI Standard", OWN)]
)
@pytest.mark.parametrize("interleave", ORDERS)
def test_values_that_only_procedures_of_envi_read(tmp_path, kind, procedures, interleave):
    """PCI fills the lines of a file up to 512 bytes."""
    stored = CUBE.transpose(ORDERS[interleave])
    lines = [line.tobytes() for line in stored.reshape(stored.shape[0], -1)]
    header, data = tmp_path / "a.pix.hdr", tmp_path / "a.pix"
    header.write_text(
        "ENVI\nsamples = 6\nlines = 5\nbands = 7\nheader offset = 1024\nbyte order = 0\n"
        f"data type = 12\nfile type = {kind}\ninterleave = {interleave}\n"
        + (f"read procedures = {procedures}\n" if procedures else "")
    )
    data.write_bytes(bytes(1024) + b"".join(line + bytes(-len(line) % 512) for line in lines))
    named = procedures.strip("{}") or kind
    for path in (header, data):
        with pytest.raises(FormatError, match=named) as refused:
            open_cube(path)
        assert f'"file type = {kind}"' in str(refused.value)
    data.write_bytes(bytes(1024) + b"".join(lines))
    for path in (header, data):
        cube = open_cube(path)
        np.testing.assert_array_equal(cube.read(), CUBE)
        assert any(named in warning for warning in cube.warnings)
