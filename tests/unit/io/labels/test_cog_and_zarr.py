"""Class maps as cloud-optimised GeoTIFF and as Zarr store, as other programs read them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import rasterio
import zarr
from msgspec.structs import replace
from rasterio.errors import RasterioIOError

from hsi_viewer.core.errors import ExportError
from hsi_viewer.core.labels.classes import ClassLegend, LabelClass
from hsi_viewer.io.labels import class_map
from hsi_viewer.io.labels.class_map import export_prediction
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.io.labels.legend_file import read_legend
from tests.unit.io.labels.test_class_map import UTM, predicted, scene, some_ids

LEGEND = ClassLegend([LabelClass(5, "Häuser", (250, 1, 2)), LabelClass(2, "Gras", (9, 99, 3))])
NAMES = {5: "Häuser", 2: "Gras", 9: "Class 9"}


@pytest.mark.parametrize("shape", [(600, 300), (2, 5)])
def test_a_cog_has_tiles_overviews_names_and_colours(tmp_path, shape):
    made = predicted(some_ids(shape))
    written = export_prediction(made, LEGEND, scene(shape), tmp_path, formats=["cog"])
    assert sorted(written) == sorted(path.name for path in tmp_path.glob("c*"))
    for name, values in (("class_map", made.class_map), ("confidence", made.confidence)):
        with rasterio.open(written[f"{name}.cog.tif"]) as file:
            np.testing.assert_array_equal(file.read(1), values)
            assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
            assert bool(file.overviews(1)) == (shape[0] > 512)
            assert (file.nodata, file.compression.name) == (0, "deflate")
            assert file.transform.to_gdal() == pytest.approx(
                rasterio.Affine(*UTM.transform).to_gdal()
            )
    back = read_labels(written["class_map.cog.tif"])
    assert back.names == NAMES
    assert back.colours[5] == (250, 1, 2)
    assert {c.id: c.name for c in read_legend(tmp_path / "class_map.cog.qml")} == NAMES
    with rasterio.open(written["class_map.cog.tif"]) as file:
        if file.overviews(1):  # no class is made up between others
            small = file.read(1, out_shape=(shape[0] // 2, shape[1] // 2))
            assert set(np.unique(small)) <= set(np.unique(made.class_map))


def test_without_a_place_a_cog_is_a_plain_one(tmp_path):
    cube = scene(reference=None)
    made = predicted(some_ids())
    written = export_prediction(made, LEGEND, cube, tmp_path, formats=["cog"])
    back = read_labels(written["class_map.cog.tif"])
    np.testing.assert_array_equal(back.ids, made.class_map)
    assert back.georeference is None


def test_a_cog_that_finds_the_disk_full_says_so_plainly(tmp_path, monkeypatch):
    def fail(*_args, **_options):
        raise RasterioIOError("TIFFAppendToStrip:Write error at scanline 0")

    monkeypatch.setattr("rasterio.shutil.copy", fail)
    for free, reason in ((1000, "the disk seems to be full"), (1 << 30, "TIFFAppendToStrip")):
        monkeypatch.setattr("shutil.disk_usage", lambda _, free=free: SimpleNamespace(free=free))
        with pytest.raises(ExportError, match=rf"map\.cog\.tif could not be written: {reason}"):
            export_prediction(predicted(some_ids()), LEGEND, scene(), tmp_path, formats=["cog"])


@pytest.mark.parametrize("reference", [UTM, None])
def test_a_zarr_store_holds_map_and_confidence(tmp_path, reference):
    made, cube = predicted(some_ids((300, 270))), scene((300, 270), reference)
    written = export_prediction(made, LEGEND, cube, tmp_path, formats=["zarr"])
    group = zarr.open_group(str(written["class_map.zarr"]), mode="r")
    np.testing.assert_array_equal(group["class_map"][:], made.class_map)
    np.testing.assert_array_equal(group["confidence"][:], made.confidence)
    assert group["class_map"].chunks == (256, 256)
    back = read_labels(written["class_map.zarr"])
    np.testing.assert_array_equal(back.ids, made.class_map)
    assert back.names == NAMES
    assert back.colours[2] == (9, 99, 3)
    found = back.georeference
    assert (None if found is None else found.transform) == (reference and UTM.transform)
    # it is replaced as a whole, and nothing else is
    export_prediction(predicted(made.class_map[::-1]), LEGEND, cube, tmp_path, formats=["zarr"])
    np.testing.assert_array_equal(read_labels(tmp_path / "class_map.zarr").ids, back.ids[::-1])
    (tmp_path / "mine.zarr").mkdir()
    (tmp_path / "mine.zarr" / "note.txt").write_text("mine")
    with pytest.raises(ExportError, match="not a Zarr store"):
        export_prediction(made, LEGEND, cube, tmp_path, stem="mine", formats=["zarr"])


@pytest.mark.parametrize("name", ["cog", "zarr"])
def test_a_failure_leaves_the_old_map_and_no_rubbish(tmp_path, name, monkeypatch):
    made, cube = predicted(some_ids((40, 30))), scene((40, 30))
    export_prediction(made, LEGEND, cube, tmp_path, formats=[name])
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}

    class Broken:
        """A map that cannot be read to its end."""

        shape, dtype = (40, 30), np.dtype(np.uint16)

        def __getitem__(self, rows):
            raise OSError(28, "No space left on device")

        def astype(self, _dtype):
            return self

    monkeypatch.setattr(class_map.class_raster, "ids_in", lambda _ids: [2, 5, 9])
    with pytest.raises(ExportError, match="No space left"):
        export_prediction(replace(made, class_map=Broken()), LEGEND, cube, tmp_path, formats=[name])
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before
