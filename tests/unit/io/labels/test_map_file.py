"""One class map to one file: what is written is what was planned, and comes back."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.errors import ExportError
from hsi_viewer.core.labels.classes import ClassLegend, LabelClass
from hsi_viewer.io.labels.label_file import LabelFile, legend_of, read_labels
from hsi_viewer.io.labels.map_file import check_suffix, planned_files, write_map

IDS = np.array([[0, 2, 2, 5], [5, 5, 0, 2]], np.uint16)
LEGEND = ClassLegend([LabelClass(2, "Grass", (10, 200, 30)), LabelClass(5, "Roof", (250, 1, 2))])


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("map.hdr", ["map.hdr", "map.img", "map.qml"]),
        ("map.img", ["map.hdr", "map.img", "map.qml"]),
        ("map.TIF", ["map.TIF", "map.TIF.aux.xml", "map.qml"]),
        ("map.npy", ["map.npy"]),
        ("map.mat", ["map.mat"]),
    ],
)
def test_the_files_that_are_planned_are_written_and_the_map_comes_back(tmp_path, name, files):
    path = tmp_path / "new" / name
    path.parent.mkdir()
    planned = planned_files(path)
    assert sorted(p.name for p in planned) == files
    written = write_map(path, IDS, LEGEND, None, "Two\nlines", zero="Nothing")
    assert set(written) <= set(planned)
    assert {*path.parent.iterdir()} == set(written)
    np.testing.assert_array_equal(read_labels(path).ids, IDS)
    if name.endswith(("hdr", "img", "TIF")):
        again = read_labels(path)
        assert again.names == {2: "Grass", 5: "Roof"}
        assert again.colours[5] == (250, 1, 2)
        assert "Grass" in written[-1].read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["map.png", "map", "map.shp"])
def test_a_suffix_that_names_no_format_of_maps_is_refused(tmp_path, name):
    with pytest.raises(ExportError, match=r"choose \.tif, \.hdr, \.npy or \.mat"):
        check_suffix(tmp_path / name)
    with pytest.raises(ExportError, match="cannot be written as"):
        write_map(tmp_path / name, IDS, LEGEND, None, "")


def test_a_legend_takes_names_and_colours_of_the_file_before_all_others():
    labels = LabelFile(IDS, {2: "Grass"}, {5: (9, 9, 9)})
    legend = legend_of(labels, [2, 5, 7], {2: "Lawn", 5: "Roof"})
    assert [(c.id, c.name) for c in legend] == [(2, "Grass"), (5, "Roof"), (7, "Class 7")]
    assert legend[5].colour == (9, 9, 9)
    assert len({c.colour for c in legend}) == 3
