"""Lists of pixels as programs write them: ENVI's texts and XML, tables."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio.features
from rasterio.crs import CRS

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.errors import FormatError, LabelError
from hsi_viewer.core.labels.placement import PlacementNeededError
from hsi_viewer.io.regions.import_export import import_regions

ROWS, COLUMNS = 30, 40
TRANSFORM = (10.0, 0.0, 600000.0, 0.0, -10.0, 5200000.0)

CLASSIC = """\
; ENVI Output of ROIs (5.3) [Tue Jan 09 10:11:12 2018]
; Number of ROIs: 2
; File Dimension: 40 x 30
;
; ROI name: Region #1
; ROI rgb value: {255, 0, 0}
; ROI npts: 2
;
; ROI name: tall grass
; ROI rgb value: {0, 128, 7}
; ROI npts: 1
;
;   ID     X     Y         Map X         Map Y        Lat         Lon    B1    B2
     1     4     3     600035.00    5199975.00  46.9  10.3   12   13
     2    40    30     600395.00    5199705.00  46.9  10.3   12   13

     1     1     1     600005.00    5199995.00  46.9  10.3   12   13
"""


def cube(georeferenced=True):
    where = Georeference(TRANSFORM, CRS.from_epsg(32632).to_wkt()) if georeferenced else None
    return HyperCube.from_array(np.zeros((ROWS, COLUMNS, 1), "u1"), georeference=where)


def labelled(path, text, georeferenced=True, encoding="utf-8", **options):
    path.write_bytes(text.encode(encoding))
    return import_regions(path, cube(georeferenced), **options)


def where(labels):
    return {tuple(at): int(labels.ids[tuple(at)]) for at in np.argwhere(labels.ids).tolist()}


def test_envi_text_counts_from_one(tmp_path):
    labels = labelled(tmp_path / "rois.txt", CLASSIC, georeferenced=False)
    assert where(labels) == {(2, 3): 1, (29, 39): 1, (0, 0): 2}
    assert labels.names == {1: "Region #1", 2: "tall grass"}
    assert labels.colours == {1: (255, 0, 0), 2: (0, 128, 7)}


def test_envi_text_with_windows_line_ends_and_without_counts(tmp_path):
    lines = [line for line in CLASSIC.splitlines() if "npts" not in line]
    labels = labelled(tmp_path / "rois.txt", "\r\n".join(lines), False, "utf-8-sig")
    assert where(labels) == {(2, 3): 1, (29, 39): 1, (0, 0): 2}


def test_envi_text_of_another_image_is_placed_by_the_map_or_asks(tmp_path):
    other = CLASSIC.replace("40 x 30", "80 x 60")
    labels = labelled(tmp_path / "a.txt", other)
    assert where(labels) == {(2, 3): 1, (29, 39): 1, (0, 0): 2}
    assert labels.notes == ("The pixels were located by their map coordinates.",)
    with pytest.raises(PlacementNeededError) as caught:
        labelled(tmp_path / "b.txt", other, georeferenced=False)
    assert caught.value.options == ("resample", "crop")
    cropped = labelled(tmp_path / "c.txt", other, georeferenced=False, placement="crop")
    assert where(cropped) == {(2, 3): 1, (29, 39): 1, (0, 0): 2}


def test_envi_addresses_count_from_zero_along_the_rows(tmp_path):
    text = "; ENVI Output of ROIs\n; File Dimension: 40 x 30\n; ROI name: a\n; Addr\n41\n0\n"
    assert set(where(labelled(tmp_path / "a.txt", text))) == {(1, 1), (0, 0)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CLASSIC + "1 1 1\n2 2 2\n", "line 18: more pixels are listed"),
        (CLASSIC.replace("600035.00", "there"), "line 14: .* is not a row of a region"),
        ("; ENVI Output of ROIs\n; ROI name: a\n", "contains no pixels"),
    ],
)
def test_damaged_envi_text_names_the_line(tmp_path, text, message):
    with pytest.raises(FormatError, match=message):
        labelled(tmp_path / "a.txt", text)


XML = """<?xml version="1.0" encoding="UTF-8"?>
<RegionsOfInterest version="1.1">
  <Region name="lake" color="0,0,255">
    <GeometryDef>
      <CoordSysStr>{system}</CoordSysStr>
      <Polygon>
        <Exterior><LinearRing><Coordinates>
          {outer}
        </Coordinates></LinearRing></Exterior>
        <Interior><LinearRing><Coordinates>{inner}</Coordinates></LinearRing></Interior>
      </Polygon>
    </GeometryDef>
  </Region>
</RegionsOfInterest>
"""


def test_envi_xml_in_pixels_and_on_the_map(tmp_path):
    pixels = XML.format(system="none", outer="3 2 12 2 12 9 3 9 3 2", inner="5 4 6 4 6 5 5 5 5 4")
    expected = np.zeros((ROWS, COLUMNS), bool)
    expected[2:9, 3:12] = True
    expected[4, 5] = False
    labels = labelled(tmp_path / "a.xml", pixels, georeferenced=False)
    np.testing.assert_array_equal(labels.ids == 1, expected)
    assert labels.colours == {1: (0, 0, 255)}
    mapped = XML.format(
        system=CRS.from_epsg(32632).to_wkt(version="WKT1_ESRI").replace('"', "&quot;"),
        outer="600030 5199980 600120 5199980 600120 5199910 600030 5199910",
        inner="600050 5199960 600060 5199960 600060 5199950 600050 5199950",
    )
    np.testing.assert_array_equal(labelled(tmp_path / "b.xml", mapped).ids == 1, expected)


def test_a_hole_of_one_outline_does_not_fill_another(tmp_path):
    ring = "<LinearRing><Coordinates>20 2 30 2 30 9 20 9</Coordinates></LinearRing>"
    text = XML.format(system="none", outer="3 2 12 2 12 9 3 9", inner="5 4 6 4 6 5 5 5")
    text = text.replace("<Interior>", f"<Exterior>{ring}</Exterior><Interior>")
    expected = np.zeros((ROWS, COLUMNS), bool)
    expected[2:9, 3:12] = expected[2:9, 20:30] = True
    expected[4, 5] = False
    labels = labelled(tmp_path / "a.xml", text, georeferenced=False)
    np.testing.assert_array_equal(labels.ids == 1, expected)


@pytest.mark.parametrize("number", ["nan", "inf", "-1e999"])
def test_envi_xml_of_numbers_that_are_none(tmp_path, number):
    text = XML.format(system="none", outer=f"3 2 12 2 {number} 9 3 9", inner="")
    with pytest.raises(FormatError, match="not finite numbers"):
        labelled(tmp_path / "a.xml", text)


def test_of_a_long_line_only_what_is_near_is_drawn(tmp_path, monkeypatch):
    drawn = []
    draw = rasterio.features.rasterize

    def rasterize(shapes, **options):
        drawn.extend(geometry for geometry, _ in shapes)
        return draw(shapes, **options)

    monkeypatch.setattr(rasterio.features, "rasterize", rasterize)
    text = XML.format(system="none", outer="", inner="").replace("Polygon", "LineString")
    text = text.replace("Exterior", "x").replace(
        "</x>", "</x><Coordinates>1 1 2e9 2e9</Coordinates>"
    )
    labels = labelled(tmp_path / "a.xml", text, georeferenced=False)
    assert labels.ids[np.arange(1, ROWS), np.arange(1, ROWS)].all()
    assert max(geometry.length for geometry in drawn) < 200


@pytest.mark.parametrize(
    "place", ["inf,inf", "1e300,1e300", "nan,nan", "10.3,90.5", "10.3,95", "10.3,-91"]
)
def test_an_impossible_place_in_a_table_lies_outside(tmp_path, place):
    text = f"lon,lat,class\n{place},b\n10.3149,46.9443,a\n"
    labels = labelled(tmp_path / "a.csv", text)
    assert np.count_nonzero(labels.ids) == 1
    assert "1 of 2 pixels lie outside the cube and are left out." in labels.notes


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("10.3,95,1\n", "columns). Check that they belong"),
        ("10.3,95,1\n10.3149,46.9,2\n", "They cover rows 510.925 to 510.925 and columns 15.1821"),
    ],
)
def test_where_all_places_of_a_table_lie_is_said_of_those_that_lie_anywhere(tmp_path, rows, said):
    with pytest.raises(LabelError) as error:
        labelled(tmp_path / "a.csv", f"lon,lat,class\n{rows}")
    assert said in str(error.value)


def test_envi_xml_on_a_map_without_system(tmp_path):
    text = XML.format(
        system="none", outer="600030 5199980 600120 5199980 600120 5199910 600030 5199910", inner=""
    )
    (tmp_path / "a.xml").write_text(text)
    bare = HyperCube.from_array(
        np.zeros((ROWS, COLUMNS, 1), "u1"), georeference=Georeference(TRANSFORM, None)
    )
    ids = import_regions(tmp_path / "a.xml", bare).ids
    assert ids[2:9, 3:12].all()
    assert np.count_nonzero(ids) == 7 * 9


def test_envi_xml_that_touches_the_edge_of_the_cube_is_in_pixels(tmp_path):
    whole = XML.format(system="none", outer=f"0 0 {COLUMNS} 0 {COLUMNS} {ROWS} 0 {ROWS}", inner="")
    assert (labelled(tmp_path / "a.xml", whole).ids == 1).all()
    for beyond in (f"0 0 {COLUMNS + 1} 0 9 9", f"0 0 9 {ROWS + 1} 9 9", "-1 0 9 0 9 9"):
        text = XML.format(system="none", outer=beyond, inner="")
        with pytest.raises(LabelError):  # these are coordinates of the map, far from the cube
            labelled(tmp_path / "b.xml", text)


def test_envi_xml_counts_the_definitions_that_are_left_out(tmp_path):
    text = XML.format(system="none", outer="3 2 12 2 12 9 3 9", inner="")
    both = "<PixelDef><Address>4</Address></PixelDef><ThresholdDef><Band>1</Band></ThresholdDef>"
    for others, number in ((both, 2), ("<PixelDef/>", 1), ("", 0)):
        changed = text.replace("  </Region>", f"{others}  </Region>")
        labels = labelled(tmp_path / "a.xml", changed, georeferenced=False)
        assert np.count_nonzero(labels.ids) == 7 * 9
        note = f"{number} definitions by pixels or thresholds are left out."
        assert labels.notes == ((note,) if number else ())
    alone = text.replace("GeometryDef", "PixelDef")
    with pytest.raises(FormatError, match="contains no polygon or point"):
        labelled(tmp_path / "b.xml", alone)


def test_xml_with_entities_is_not_read(tmp_path):
    bomb = '<!DOCTYPE a [<!ENTITY x "y">]>' + XML.format(system="&x;", outer="", inner="")
    with pytest.raises(FormatError, match="defines XML entities"):
        labelled(tmp_path / "a.xml", bomb)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("row,column,class\n2,3,5\n0,0,1\n", {(2, 3): 5, (0, 0): 1}),
        ("line;sample;class_id\n2;3;5\n", {(2, 3): 5}),
        ("Row\tCol\tLabel\n2\t3\twheat\n4\t4\trye\n", {(2, 3): 1, (4, 4): 2}),
        ("2 3 5\n0 0 1\n", {(2, 3): 5, (0, 0): 1}),
        ("2,3,wheat\n0,0,rye\n", {(2, 3): 1, (0, 0): 2}),
        ("2,3\n0,0\n", {(2, 3): 1, (0, 0): 1}),
        ("x,y,class\n600035,5199975,5\n", {(2, 3): 5}),
        ("x,y,class\n3,2,5\n", {(2, 3): 5}),
        ("id,Easting,Northing,species\n1,600035.0,5199975.0,oak\n", {(2, 3): 1}),
        ("class;X;Y\n5;600035,5;5199975,5\n", {(2, 3): 5}),
    ],
    ids=[
        "plain",
        "semicolons",
        "tabs",
        "no head",
        "no head, names",
        "places",
        "map",
        "pixels",
        "named map",
        "decimal comma",
    ],
)
def test_tables_of_pixels(tmp_path, text, expected):
    assert where(labelled(tmp_path / "pixels.csv", text)) == expected


@pytest.mark.parametrize("separator", [",", ";", "\t", " "])
@pytest.mark.parametrize("suffix", [".csv", ".txt"])
def test_a_grid_of_class_ids_as_text(tmp_path, separator, suffix):
    ids = np.random.default_rng(0).integers(-1, 4, (ROWS, COLUMNS))
    np.savetxt(tmp_path / f"a{suffix}", ids, "%d", separator)
    found = import_regions(tmp_path / f"a{suffix}", cube())
    np.testing.assert_array_equal(found.ids, np.maximum(ids, 0))
    np.savetxt(tmp_path / f"b{suffix}", np.where(ids < 1, np.nan, ids), "%g", separator)
    np.testing.assert_array_equal(import_regions(tmp_path / f"b{suffix}", cube()).ids, found.ids)


def test_columns_without_names_are_not_guessed(tmp_path):
    with pytest.raises(FormatError, match=r"4 columns without names.* 30 x 40"):
        labelled(tmp_path / "a.csv", "7,2,3,1\n8,2,4,1\n")
    with pytest.raises(FormatError, match="no columns for a position"):
        labelled(tmp_path / "b.csv", "1,2,3,wheat\n4,5,6,rye\n")


@pytest.mark.parametrize("names", ["row,column,class", "y,x,class"])
def test_a_table_that_counts_from_one(tmp_path, names):
    """Row 30 of a scene of 30 rows is the last only where the first is 1."""
    text = f"{names}\n1,1,1\n2,3,5\n30,7,1\n"
    found = labelled(tmp_path / "a.csv", text, georeferenced=False)
    assert where(found) == {(0, 0): 1, (1, 2): 5, (29, 6): 1}
    assert found.notes[-1] == (
        "Rows and columns were counted from 1: none is 0, and the last one would lie outside."
    )


@pytest.mark.parametrize("more", ["0,4,1", "4,0,1", "31,4,1", "4,41,1"])
def test_a_table_that_counts_from_zero_has_a_zero_or_lies_elsewhere(tmp_path, more):
    text = f"row,column,class\n2,3,5\n30,7,1\n{more}\n"
    found = labelled(tmp_path / "a.csv", text, georeferenced=False)
    assert where(found)[2, 3] == 5
    assert "outside the cube" in found.notes[0]


def test_from_where_a_table_counts_is_said_where_it_cannot_be_known(tmp_path):
    found = labelled(tmp_path / "a.csv", "row,column,class\n2,3,5\n9,7,1\n", georeferenced=False)
    assert where(found)[2, 3] == 5
    assert found.notes[0].startswith(
        "Rows and columns were counted from 0; if the file counts from"
    )
    found = labelled(tmp_path / "b.csv", "row,column,class\n0,3,5\n9,7,1\n", georeferenced=False)
    assert not any("counted" in note for note in found.notes)


def test_labels_whose_axes_are_exchanged_are_recognised_in_the_message(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((COLUMNS, ROWS), "u1"))
    with pytest.raises(PlacementNeededError, match="exchanged: if so, transpose the labels"):
        import_regions(tmp_path / "a.npy", cube(georeferenced=False))
    np.save(tmp_path / "b.npy", np.ones((COLUMNS, ROWS + 1), "u1"))
    with pytest.raises(PlacementNeededError, match=r"no georeference\. Choose"):
        import_regions(tmp_path / "b.npy", cube(georeferenced=False))


def test_degrees_are_reprojected(tmp_path):
    from rasterio.warp import transform

    lon, lat = transform("EPSG:32632", "EPSG:4326", [600035.0], [5199975.0])
    labels = labelled(tmp_path / "gps.csv", f"lat,lon,name\n{lat[0]},{lon[0]},oak\n")
    assert where(labels) == {(2, 3): 1}
    assert labels.names == {1: "oak"}
    with pytest.raises(LabelError, match="no georeference"):
        labelled(tmp_path / "b.csv", f"lat,lon,name\n{lat[0]},{lon[0]},oak\n", georeferenced=False)


def test_pixels_off_the_cube_are_reported(tmp_path):
    labels = labelled(tmp_path / "a.csv", "row,column,class\n2,3,5\n99,0,1\n")
    assert labels.notes == (
        "1 of 2 pixels lie outside the cube and are left out.",
        "These classes have nothing inside the cube, or others cover them: class 1.",
    )
    with pytest.raises(LabelError, match="none of its 1 pixels lies inside the cube"):
        labelled(tmp_path / "b.csv", "row,column,class\n99,0,1\n")
    with pytest.raises(FormatError, match="no columns for a position"):
        labelled(tmp_path / "c.csv", "foo,bar\n1,2\nx,y\n")
    with pytest.raises(FormatError, match="contains something other than numbers"):
        labelled(tmp_path / "d.csv", "row,column\n1,there\n")


def test_classes_of_a_table_follow_the_rules_of_label_arrays(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("row,column,class\n0,0,-1\n0,1,-9999\n0,2,nan\n0,3,4\n1,0,5.0\n")
    labels = import_regions(path, cube())
    assert [(int(r), int(c), int(labels.ids[r, c])) for r, c in np.argwhere(labels.ids)] == [
        (0, 3, 4),
        (1, 0, 5),
    ]
    for value, message in (("70000", r"0\.\.65535; found 70000"), ("1.5", "fractions")):
        path.write_text(f"row,column,class\n0,0,{value}\n0,1,2\n")
        with pytest.raises(LabelError, match=message):
            import_regions(path, cube())


def test_measured_values_beside_names_of_classes_are_no_classes(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("row,column,value,class_name\n0,0,0.25,water\n0,1,1.5,field\n1,1,0.5,water\n")
    labels = import_regions(path, cube())
    assert labels.names == {1: "water", 2: "field"}
    assert labels.ids[:2, :2].tolist() == [[1, 2], [0, 1]]


def test_a_triangle_is_a_polygon_and_two_points_are_none(tmp_path):
    triangle = labelled(
        tmp_path / "a.xml",
        XML.format(system="none", outer="3 2 13.5 2 3 12.5", inner="4 3 5 3"),
        False,
    )
    rows, columns = np.nonzero(triangle.ids)
    assert (rows.min(), columns.min()) == (2, 3)
    assert rows.size == 55  # centres below the diagonal
    with pytest.raises((FormatError, LabelError)):
        labelled(tmp_path / "b.xml", XML.format(system="none", outer="3 2 13 2", inner=""), False)


def test_regions_without_a_name_are_numbered(tmp_path):
    text = CLASSIC.replace("ROI name: Region #1", "ROI name:").replace("tall grass", " ")
    labels = labelled(tmp_path / "rois.txt", text, georeferenced=False)
    assert labels.names == {1: "Region 1", 2: "Region 2"}


@pytest.mark.parametrize("text", ["x,y,class\n", "x,y,class\n\n"])
def test_a_table_of_names_alone_is_refused(tmp_path, text):
    with pytest.raises(FormatError, match="no rows below"):
        labelled(tmp_path / "a.csv", text)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_texts_that_spreadsheets_and_shells_of_windows_write(tmp_path, encoding):
    found = labelled(tmp_path / "a.csv", "row,column,class\n1,2,Wälder\n", encoding=encoding)
    assert (where(found), found.names) == ({(1, 2): 1}, {1: "Wälder"})
    envi = labelled(tmp_path / "b.txt", CLASSIC, False, encoding)
    assert where(envi) == {(2, 3): 1, (29, 39): 1, (0, 0): 2}


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=; \r"])
def test_the_line_that_names_the_separator_is_not_read_as_a_row(tmp_path, line):
    found = labelled(tmp_path / "a.csv", f"{line}\nrow;column;class\n1;2;corn\n")
    assert (where(found), found.names) == ({(1, 2): 1}, {1: "corn"})


def test_a_quotation_mark_that_is_never_closed_does_not_swallow_the_rows_behind_it(tmp_path):
    with pytest.raises(FormatError, match=r"a\.csv .* never closed"):
        labelled(tmp_path / "a.csv", 'row,column,class\n1,1,"corn\n2,2,wood\n')
    found = labelled(tmp_path / "b.csv", 'row,column,class\n1,1,"corn, old"\n2,2,5" pipe\n')
    assert found.names == {1: "corn, old", 2: '5" pipe'}


def test_classes_that_others_cover_in_a_table_are_reported(tmp_path):
    found = labelled(tmp_path / "a.csv", "row,column,class\n0,1,corn\n0,1,wood\n2,2,wood\n")
    assert found.notes == (
        "These classes have nothing inside the cube, or others cover them: corn.",
    )


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_a_table_of_windows_keeps_its_dashes(tmp_path, encoding):
    name = "B\u00e4ume \u2013 alt" if encoding == "cp1252" else "B\u00e4ume \x81"
    path = tmp_path / "a.csv"
    path.write_bytes(f"row,column,class\n1,2,{name}\n3,4,b\n".encode(encoding))
    found = import_regions(path, HyperCube.from_array(np.zeros((ROWS, COLUMNS, 2), "u1")))
    assert found.names == {1: name.strip(" \x81"), 2: "b"}


def test_degrees_that_are_called_x_and_y_are_recognised_in_the_message(tmp_path):
    with pytest.raises(LabelError, match=r"name the columns lon and lat\.$"):
        labelled(tmp_path / "a.csv", "x,y,class\n10.3149,46.9443,a\n")
    with pytest.raises(LabelError, match=r"belong to this scene\.$"):
        labelled(tmp_path / "b.csv", "x,y,class\n1000.5,46.9443,a\n")


def region_xml(*geometries):
    regions = "".join(
        f'<Region name="r{k}" color="255,{k},0"><GeometryDef><CoordSysStr>none</CoordSysStr>'
        f"{geometry}</GeometryDef></Region>"
        for k, geometry in enumerate(geometries, 1)
    )
    return f'<?xml version="1.0"?><RegionsOfInterest version="1.0">{regions}</RegionsOfInterest>'


@pytest.mark.parametrize(
    ("geometry", "at"),
    [
        ("<Point><Coordinates>3.5 2.5</Coordinates></Point>", {(2, 3)}),
        ("<MultiPoint><Coordinates>3.5 2.5 7.5 4.5</Coordinates></MultiPoint>", {(2, 3), (4, 7)}),
        ("<LineString><Coordinates>3.5 2.5 5.5 2.5</Coordinates></LineString>",
         {(2, 3), (2, 4), (2, 5)}),
        ("<MultiPoint><Coordinates></Coordinates></MultiPoint>", set()),
        ("<Circle><Coordinates>3.5 2.5</Coordinates></Circle>", set()),
    ],
)  # fmt: skip
def test_every_kind_of_geometry_of_envi_is_drawn(tmp_path, geometry, at):
    one = "<Point><Coordinates>20.5 20.5</Coordinates></Point>"
    labels = labelled(tmp_path / "a.xml", region_xml(one, geometry), georeferenced=False)
    assert set(where(labels)) - {(20, 20)} == at


def test_a_table_of_positions_and_map_coordinates_is_laid_by_its_positions(tmp_path):
    text = "row,col,x,y,class\n2,3,600105,5199905,1\n4,7,600205,5199805,2\n0,0,600305,5199705,3\n"
    labels = labelled(tmp_path / "a.csv", text)
    assert where(labels) == {(2, 3): 1, (4, 7): 2, (0, 0): 3}
    found = labelled(tmp_path / "a.csv", text, placement="georeference")
    assert where(found) == {(9, 10): 1, (19, 20): 2, (29, 30): 3}


@pytest.mark.parametrize("system", [None, 'LOCAL_CS["ours"]'])
def test_degrees_without_a_known_system_of_the_cube_are_no_place(tmp_path, system):
    (tmp_path / "a.csv").write_text("lon,lat,class\n10.3,46.9,1\n")
    place = Georeference(TRANSFORM, system)
    scene = HyperCube.from_array(np.zeros((ROWS, COLUMNS, 1), "u1"), georeference=place)
    with pytest.raises(LabelError) as error:
        import_regions(tmp_path / "a.csv", scene)
    assert "{" not in str(error.value)


def test_classes_of_a_table_that_others_cover_are_named(tmp_path):
    text = "row,col,class\n2,3,Oak\n2,3,Birch\n4,7,Ash\n90,90,Elm\n"
    labels = labelled(tmp_path / "a.csv", text, georeferenced=False)
    ids = {name: i for i, name in labels.names.items()}
    assert where(labels) == {(2, 3): ids["Birch"], (4, 7): ids["Ash"]}
    lost = ", ".join(sorted(("Oak", "Elm"), key=ids.get))
    assert labels.notes[-1] == (
        f"These classes have nothing inside the cube, or others cover them: {lost}."
    )
