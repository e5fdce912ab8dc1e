"""Classes of shapes and tables that differ in white space or Unicode form alone are one."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.io.regions.import_export import import_regions

CUBE = HyperCube.from_array(np.zeros((6, 8, 2), np.uint8))
# one name in four spellings, and it in capitals
SPELLED = ["Ma\u00efs", "Mai\u0308s", "Ma\u00efs ", "\u00a0Ma\u00efs\u200b", "MA\u00cfS"]


def write_csv(path, numbers):
    lines = [f"0,{k},{name}" + (f",{k + 1}" * numbers) for k, name in enumerate(SPELLED)]
    head = "row,column,class_name" + ",class_id" * numbers
    path.write_text("\n".join([head, *lines]), encoding="utf-8")


def write_geojson(path, numbers):
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [k + 0.5, 0.5]},
            "properties": {"class_name": name, **({"class_id": k + 1} if numbers else {})},
        }
        for k, name in enumerate(SPELLED)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))


def write_envi(path, _numbers):
    head = "; ENVI Output of ROIs\n; Number of ROIs: 5\n; File Dimension: 8 x 6\n;\n"
    names = "".join(
        f"; ROI name: {name}\n; ROI rgb value: {{1, 2, {k}}}\n; ROI npts: 1\n"
        for k, name in enumerate(SPELLED)
    )
    rows = "\n\n".join(f"     1    {k + 1}    1" for k in range(5))
    path.write_text(f"{head}{names}; ID    X    Y\n{rows}\n", encoding="utf-8")


@pytest.mark.parametrize("numbers", [False, True])
@pytest.mark.parametrize(
    ("name", "write"),
    [("a.csv", write_csv), ("a.geojson", write_geojson), ("a.txt", write_envi)],
)
def test_one_name_in_several_spellings_is_one_class(tmp_path, name, write, numbers):
    write(tmp_path / name, numbers)
    found = import_regions(tmp_path / name, CUBE)
    first, *same, capitals = found.ids[0, :5].tolist()
    assert same == [first] * 3
    assert capitals not in (0, first)
    assert {found.names[first], found.names[capitals]} == {SPELLED[0], SPELLED[-1]}
    assert len(found.names) == 2
    notes = [note for note in found.notes if "differ only in capital letters" in note]
    assert len(notes) == 1
