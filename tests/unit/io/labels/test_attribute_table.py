"""Names of classes in raster attribute tables: by the value that a row gives, not by its place."""

from __future__ import annotations

import struct

import numpy as np
import pytest
import rasterio.shutil

from hsi_viewer.io.files.gdal import open_raster
from hsi_viewer.io.labels.label_file import read_labels

IDS = np.array([[1, 2, 5], [0, 5, 1]], "u1")
NAMES = {1: "water", 2: "forest & meadow", 5: "urban"}
SHADES = {1: (0, 0, 255), 2: (0, 128, 0), 5: (255, 0, 51)}


def raster(path, driver="GTiff", ids=IDS):
    size = {"height": ids.shape[0], "width": ids.shape[1], "count": 1, "dtype": ids.dtype}
    with open_raster(path, "w", driver=driver, **size) as file:
        file.write(ids, 1)
    return path


def table(columns, rows, attributes=""):
    """GDAL's XML; columns are (title, type, use)."""
    fields = "".join(
        f'<FieldDefn index="{k}"><Name>{n}</Name><Type>{t}</Type><Usage>{u}</Usage></FieldDefn>'
        for k, (n, t, u) in enumerate(columns)
    )
    cells = "".join(
        f'<Row index="{k}">'
        + "".join(f"<F>{str(c).replace('&', '&amp;')}</F>" for c in row)
        + "</Row>"
        for k, row in enumerate(rows)
    )
    return (
        f'<PAMDataset><PAMRasterBand band="1"><GDALRasterAttributeTable{attributes}>{fields}{cells}'
        "</GDALRasterAttributeTable></PAMRasterBand></PAMDataset>"
    )


BY_POSITION = [NAMES.get(k, "") for k in range(6)]


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        ([("Value", 0, 5), ("Class", 2, 2)], list(NAMES.items())),
        (
            [("Class", 2, 2), ("Count", 0, 1), ("Value", 0, 5)],
            [(n, 9, i) for i, n in NAMES.items()],
        ),
        ([("VALUE", 0, 0), ("Class_Name", 2, 0)], list(NAMES.items())),
        ([("id", 1, 0), ("remark", 2, 0)], [(f"{i}.0", n) for i, n in NAMES.items()]),
        ([("from", 1, 3), ("to", 1, 4), ("x", 2, 2)], [(i, i, n) for i, n in NAMES.items()]),
        ([("Histogram", 1, 1), ("Class_Names", 2, 2)], [(7, n) for n in BY_POSITION]),
        ([("Value", 0, 5), ("name", 2, 2)], list(reversed(NAMES.items()))),
    ],
)
def test_names_by_the_value_of_a_row(tmp_path, columns, rows):
    path = raster(tmp_path / "a.tif")
    (tmp_path / "a.tif.aux.xml").write_text(table(columns, rows))
    labels = read_labels(path)
    np.testing.assert_array_equal(labels.ids, IDS)
    assert labels.names == NAMES


def test_rows_that_begin_with_another_value(tmp_path):
    path = raster(tmp_path / "a.tif")
    text = table([("Class", 2, 2)], [(n,) for n in BY_POSITION[1:]], ' Row0Min="1" BinSize="1"')
    (tmp_path / "a.tif.aux.xml").write_text(text)
    assert read_labels(path).names == NAMES


@pytest.mark.parametrize("whole", [True, False])
def test_colours(tmp_path, whole):
    path = raster(tmp_path / "a.tif")
    kind = 0 if whole else 1
    columns = [("Value", 0, 5), ("Class", 2, 2)]
    columns += [("Red", kind, 6), ("Green", kind, 7), ("Blue", kind, 8)]
    rows = [(i, NAMES[i], *(v if whole else v / 255 for v in rgb)) for i, rgb in SHADES.items()]
    (tmp_path / "a.tif.aux.xml").write_text(table(columns, rows))
    labels = read_labels(path)
    assert (labels.names, labels.colours) == (NAMES, SHADES)


def test_the_table_within_an_imagine_file(tmp_path):
    plain = raster(tmp_path / "a.tif")
    rows = [(7, n) for n in BY_POSITION]
    text = table([("Histogram", 1, 1), ("Class_Names", 2, 2)], rows)
    (tmp_path / "a.tif.aux.xml").write_text(text)
    rasterio.shutil.copy(str(plain), str(tmp_path / "map.img"), driver="HFA")
    (tmp_path / "map.img.aux.xml").unlink(missing_ok=True)
    assert read_labels(tmp_path / "map.img").names == NAMES
    assert not (tmp_path / "map.img.aux.xml").exists()


def dbf(columns, rows):
    """A dBASE table; columns are (title, type, width)."""
    heads = b"".join(
        struct.pack("<11sc4xB15x", title.encode(), kind.encode(), width)
        for title, kind, width in columns
    )
    body = b"".join(
        b" " + b"".join(str(c).encode().ljust(w) for c, (_, _, w) in zip(row, columns, strict=True))
        for row in rows
    )
    length = 1 + sum(width for _, _, width in columns)
    head = struct.pack("<B3sIHH20x", 3, b"\x7a\1\1", len(rows), 33 + len(heads), length)
    return head + heads + b"\r" + body + b"\x1a"


def test_the_table_of_arcgis(tmp_path):
    path = raster(tmp_path / "a.tif")
    columns = [("VALUE", "N", 9), ("COUNT", "F", 12), ("Land_Cover", "C", 40)]
    rows = [(i, "9.00", n) for i, n in NAMES.items()]
    (tmp_path / "a.tif.vat.dbf").write_bytes(dbf(columns, rows))
    assert read_labels(path).names == NAMES


@pytest.mark.parametrize("cut", [5, 20, 40, 70, 150])
def test_damaged_tables_are_passed_over(tmp_path, cut):
    path = raster(tmp_path / "a.tif")
    columns = [("VALUE", "N", 9), ("Class", "C", 40)]
    (tmp_path / "a.tif.vat.dbf").write_bytes(dbf(columns, list(NAMES.items()))[:cut])
    text = table([("Value", 0, 5), ("Class", 2, 2)], list(NAMES.items()))
    (tmp_path / "a.tif.aux.xml").write_text(text[:cut])
    labels = read_labels(path)
    np.testing.assert_array_equal(labels.ids, IDS)
    assert set(labels.names.items()) <= set(NAMES.items())


GDALS = table([("Value", 0, 5), ("Class", 2, 2)], list(NAMES.items()))
ARCGIS = dbf([("VALUE", "N", 9), ("Class", "C", 40)], list(NAMES.items()))


@pytest.mark.parametrize(
    "damaged",
    [
        f'<!DOCTYPE a [<!ENTITY b "c">]>{GDALS}',
        GDALS.replace("</F>", "", 1),
        GDALS.replace('band="1"', 'band="2"'),
        GDALS.replace("GDALRasterAttributeTable", "Table"),
        " " * (16 << 20) + GDALS,
        "",
    ],
)
def test_where_one_table_is_of_no_use_the_other_names_the_classes(tmp_path, damaged):
    path = raster(tmp_path / "a.tif")
    (tmp_path / "a.tif.aux.xml").write_text(damaged)
    assert read_labels(path).names == {}
    (tmp_path / "a.tif.vat.dbf").write_bytes(ARCGIS)
    assert read_labels(path).names == NAMES


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        ARCGIS[:20],
        ARCGIS[:10] + b"\0\0" + ARCGIS[12:],  # records of no length
        ARCGIS[:10] + b"\x33\0" + ARCGIS[12:],  # of another than their fields have
        ARCGIS[:4] + bytes(4) + ARCGIS[8:],  # none
        ARCGIS.replace(b" 1 ", b"*1 "),
    ],
)
def test_damaged_tables_of_arcgis_name_nothing_that_they_do_not_hold(tmp_path, damaged):
    path = raster(tmp_path / "a.tif")
    (tmp_path / "a.tif.vat.dbf").write_bytes(damaged)
    labels = read_labels(path)
    np.testing.assert_array_equal(labels.ids, IDS)
    kept = {2: NAMES[2], 5: NAMES[5]} if b"*" in damaged else {}
    assert labels.names == kept


def test_names_in_the_letters_of_windows_are_read(tmp_path):
    path = raster(tmp_path / "a.tif")
    text = dbf([("VALUE", "N", 9), ("Class", "C", 40)], [(1, "W@lder"), (2, "M@hren")])
    (tmp_path / "a.tif.vat.dbf").write_bytes(text.replace(b"@", b"\xe4"))
    assert read_labels(path).names == {1: "Wälder", 2: "Mähren"}


@pytest.mark.parametrize("spoiled", ["", "5e400", "nan", "1.5", "-1", "70000", "x"])
def test_a_value_that_is_no_class_id_names_no_class(tmp_path, spoiled):
    path = raster(tmp_path / "a.tif")
    rows = [(spoiled, "nothing"), *NAMES.items()]
    text = table([("Value", 0, 5), ("Class", 2, 2)], rows)
    (tmp_path / "a.tif.aux.xml").write_text(text)
    assert read_labels(path).names == NAMES
