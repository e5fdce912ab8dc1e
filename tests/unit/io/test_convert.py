"""convert: what is there already stays there unless the user says so."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.errors import ExportError
from hsi_viewer.io.convert import convert
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.writers.subset import Subset


@pytest.fixture
def source(tmp_path) -> str:
    np.save(tmp_path / "a.npy", np.arange(24).reshape(2, 3, 4))
    return str(tmp_path / "a.npy")


def test_a_zarr_folder_is_replaced_only_if_told(source, tmp_path):
    target = tmp_path / "b.zarr"
    convert(source, target, Subset())
    with pytest.raises(ExportError, match=r"b\.zarr exists; choose another name, or add"):
        convert(source, target, Subset(bands=(1,)))
    assert open_cube(target).bands == 4
    convert(source, target, Subset(bands=(1,)), overwrite=True)
    assert open_cube(target).bands == 1


def test_a_class_map_keeps_its_legend_in_every_format_that_has_one(tmp_path):
    known = read_labels("sample:indian-pines/labels")
    source = "sample:indian-pines/labels"
    for name in ("a.zarr", "b.mat", "c.tif", "d.hdr"):
        convert(source, tmp_path / name, Subset())
        source = str(tmp_path / name)
        found = read_labels(source)
        assert found.names == known.names, name
        assert len(found.colours) == len(known.names), name
        np.testing.assert_array_equal(found.ids, known.ids)


@pytest.mark.parametrize("there", ["b.tif", "b.tif.aux.xml"])
def test_a_side_file_is_not_replaced_either(source, tmp_path, there):
    (tmp_path / there).write_text("mine")
    with pytest.raises(ExportError, match="exists"):
        convert(source, tmp_path / "b.tif", Subset())
    assert (tmp_path / there).read_text() == "mine"


def test_a_link_that_leads_nowhere_is_not_replaced(source, tmp_path):
    (tmp_path / "b.npy").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ExportError, match="exists"):
        convert(source, tmp_path / "b.npy", Subset())
    assert (tmp_path / "b.npy").is_symlink()
