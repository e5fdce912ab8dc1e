"""Vector files by the driver of their suffix: systems that are addresses, queries, pipelines."""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import closing

import numpy as np
import pyogrio
import pytest
import shapely
from rasterio.crs import CRS

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io.files import gdal_vector, geopackage
from hsi_viewer.io.regions import vector
from hsi_viewer.io.regions.geojson_crs import cleaned
from hsi_viewer.io.regions.import_export import VECTOR, import_regions
from hsi_viewer.io.regions.vector import read_shapes
from tests.unit.io import hostile_files as hostile
from tests.unit.io.listening import listening

GEOREFERENCE = Georeference((1, 0, 0, 0, -1, 12), CRS.from_epsg(4326).to_wkt())
SCENE = HyperCube.from_array(np.zeros((12, 12, 1), "u1"), georeference=GEOREFERENCE)


@pytest.fixture
def listener():
    with listening() as found:
        yield found


# drivers -----------------------------------------------------------------------------------------


def test_pyogrio_has_the_drivers_of_the_suffixes_alone():
    gdal_vector.limit_drivers()
    assert set(pyogrio.list_drivers()) == set(gdal_vector.DRIVERS.values())
    assert set(VECTOR) == set(gdal_vector.DRIVERS)


def test_drivers_that_came_back_are_taken_out_before_the_next_file(tmp_path):
    gdal_vector.limit_drivers()
    pyogrio.set_gdal_config_options({"OGR_SKIP": None})
    pyogrio.core._register_drivers()  # as another library with the same GDAL does
    assert "GDALG" in pyogrio.list_drivers()
    victim = tmp_path / "victim.txt"
    victim.write_text("mine")
    (tmp_path / "a.geojson").write_text(hostile.pipeline(tmp_path, victim))
    with pytest.raises(FormatError, match=r"a\.geojson"):
        read_shapes(tmp_path / "a.geojson")
    assert victim.read_text() == "mine"
    assert "GDALG" not in pyogrio.list_drivers()


def test_drivers_that_stay_are_reported(monkeypatch, tmp_path):
    (tmp_path / "a.geojson").write_text(hostile.geojson())
    monkeypatch.setattr(gdal_vector, "_others", lambda: ["GDALG"])
    with pytest.raises(FileError, match="GDALG; install pyogrio"):
        read_shapes(tmp_path / "a.geojson")


def test_the_drivers_are_limited_by_one_thread_at_a_time(tmp_path):
    (tmp_path / "a.geojson").write_text(hostile.geojson())
    pyogrio.set_gdal_config_options({"OGR_SKIP": None})
    pyogrio.core._register_drivers()
    read: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: read.append(len(read_shapes(tmp_path / "a.geojson").classes))
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read == [1] * 8


@pytest.mark.parametrize("before", ["", "\ufeff", " \n\t"])
@pytest.mark.parametrize("suffix", [".geojson", ".JSON", ".json"])
def test_a_pipeline_is_not_run(tmp_path, before, suffix):
    victim = tmp_path / "victim.txt"
    victim.write_text("a file of the user's\n")
    path = tmp_path / f"a{suffix}"
    path.write_text(before + hostile.pipeline(tmp_path, victim), encoding="utf-8")
    with pytest.raises(FormatError, match=r"a\.\w+ could not be read: it is not GeoJSON"):
        import_regions(path, SCENE)
    assert victim.read_text() == "a file of the user's\n"


@pytest.mark.parametrize("name", ["zip:x", "http:x", "a?b", "-x", "GeoJSON:x"])
def test_names_are_no_addresses(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / f"{name}.geojson").write_text(hostile.geojson())
    assert import_regions(f"{name}.geojson", SCENE).ids.any()


def test_a_name_that_would_be_an_archive_is_refused(tmp_path):
    for name in ("a!b.geojson", "a;b.geojson"):
        (tmp_path / name).write_text(hostile.geojson())
        with pytest.raises(FileError, match='"!" and ";" are not possible in the path'):
            read_shapes(tmp_path / name)


def test_no_address_is_reached_should_a_driver_try(listener):
    gdal_vector.limit_drivers()
    for form in ("/vsicurl/", "/vsicurl_streaming/"):
        with pytest.raises(pyogrio.errors.DataSourceError):
            pyogrio.raw.read(f"{form}{listener.address('a.geojson')}")
    assert listener.asked == []


# coordinate systems ------------------------------------------------------------------------------


def systems(address):
    return {
        "link": (hostile.link(address), None),
        "url": (hostile.url(address), None),
        "capitals": ({"TYPE": "LiNK", "Properties": {"HREF": address}}, None),
        "geometry": (None, hostile.link(address)),
        "address as a name": ({"type": "name", "properties": {"name": address}}, None),
        "file": ({"type": "name", "properties": {"name": "/etc/hostname"}}, None),
        "unknown code": ({"type": "name", "properties": {"name": "EPSG:99999"}}, None),
        "a text": ("EPSG:32632", None),
        "a list": ([1, 2], None),
    }


@pytest.mark.parametrize("kind", systems("x"))
def test_a_system_that_is_an_address_is_not_asked_for(tmp_path, listener, kind):
    of_file, of_geometry = systems(listener.address(kind.replace(" ", "-")))[kind]
    path = tmp_path / "a.geojson"
    path.write_text(hostile.geojson(of_file, of_geometry))
    shapes = read_shapes(path)
    assert listener.asked == []
    if kind == "geometry":  # the file itself names none: longitude and latitude
        assert CRS.from_wkt(shapes.crs_wkt).to_epsg() == 4326 or "CRS84" in shapes.crs_wkt
        return
    assert shapes.crs_wkt is None
    start = "The coordinate system of the file is unknown: it is given as "
    assert sum(note.startswith(start) for note in shapes.notes) == 1
    found = import_regions(path, SCENE)
    assert found.ids.any()
    assert any("coordinate system of the file is unknown" in note for note in found.notes)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"crs"', '"\\u0063rs"'),
        ('"crs"', '"CRS"'),
        ('"link"', '"l\\u0069nk"'),
        ('"crs":', '"crs"\n :'),
    ],
)
@pytest.mark.parametrize("piece", [1 << 24, 7, 1])
def test_a_system_is_found_however_it_is_written(tmp_path, monkeypatch, listener, piece, old, new):
    monkeypatch.setattr("hsi_viewer.io.regions.geojson_crs.PIECE", piece)
    path = tmp_path / "a.geojson"
    text = hostile.geojson(hostile.link(listener.address("crs")))
    assert old in text
    path.write_text("\ufeff" + text.replace(old, new), encoding="utf-8")
    assert read_shapes(path).crs_wkt is None
    assert listener.asked == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"crs"', "'crs'"),
        ('"crs":', '/*"*/"crs"/**/:'),
        (
            "{",
            "{// ' \n",
        ),
    ],
)
def test_what_is_not_json_is_refused_where_it_has_a_system(tmp_path, listener, old, new):
    path = tmp_path / "a.geojson"
    text = hostile.geojson(hostile.link(listener.address("crs")))
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(FormatError, match="it is not JSON"):
        read_shapes(path)
    assert listener.asked == []


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("EPSG:32632", 32632),
        ("urn:ogc:def:crs:EPSG::32632", 32632),
        ("urn:ogc:def:crs:EPSG:8.9:32632", 32632),
        ("http://www.opengis.net/def/crs/EPSG/0/32632", 32632),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", None),
    ],
)
def test_usual_systems_are_read_by_gdal_as_ever(tmp_path, name, code):
    path = tmp_path / "a.geojson"
    path.write_text(hostile.geojson({"type": "name", "properties": {"name": name}}))
    assert cleaned(path) is None
    shapes = read_shapes(path)
    found = CRS.from_user_input(shapes.crs_wkt)
    assert found.to_epsg() == (code or 4326)
    assert not any("not known" in note for note in shapes.notes)


def test_attributes_that_are_called_crs_stay(tmp_path):
    path = tmp_path / "a.geojson"
    whole = json.loads(hostile.geojson())
    whole["features"][0]["properties"]["crs"] = "a \u00e9 crs"
    path.write_text(json.dumps(whole))
    assert cleaned(path) is not None
    shapes = read_shapes(path, class_field="crs")
    assert shapes.classes == ["a é crs"]
    assert CRS.from_wkt(shapes.crs_wkt) == CRS.from_string("OGC:CRS84")


def test_a_large_file_is_not_parsed_for_its_system(tmp_path, monkeypatch):
    monkeypatch.setattr("hsi_viewer.io.regions.geojson_crs.MAX_PARSED", 10)
    path = tmp_path / "a.geojson"
    path.write_text(hostile.geojson(hostile.link("http://127.0.0.1:9/x")))
    with pytest.raises(FormatError, match='system \\("crs"\\) is not in the usual form; remove'):
        read_shapes(path)


def test_what_is_nested_deeply_is_refused(tmp_path):
    path = tmp_path / "a.geojson"
    path.write_text('{"crs": ' + "[" * 100_000 + "]" * 100_000 + "}")
    with pytest.raises(FormatError, match=r"a\.geojson"):
        read_shapes(path)


@pytest.mark.parametrize("text", ["URL", "/vsicurl/URL", 'PROJCS["a",URL]', "/etc/hostname"])
def test_a_projection_beside_a_shapefile_is_no_address(tmp_path, listener, text):
    path = tmp_path / "a.shp"
    pyogrio.raw.write(
        path, np.array([shapely.to_wkb(shapely.box(1, 1, 4, 4))], object),
        [np.array(["a"], object)], np.array(["class"]), geometry_type="Polygon", crs="EPSG:4326",
    )  # fmt: skip
    path.with_suffix(".prj").write_text(text.replace("URL", listener.address("a.prj")))
    path.with_suffix(".cpg").write_text(listener.address("a.cpg"))
    try:
        assert read_shapes(path).crs_wkt is None
    except FormatError as error:
        assert "could not be read" in str(error)  # noqa: PT017 - either is right
    assert listener.asked == []


def test_a_system_in_a_flatgeobuf_is_no_address(tmp_path, listener):
    path = tmp_path / "a.fgb"
    own = 'LOCAL_CS["' + "x" * 300 + '",UNIT["metre",1]]'
    pyogrio.raw.write(
        path, np.array([shapely.to_wkb(shapely.box(1, 1, 4, 4))], object),
        [np.array(["a"], object)], np.array(["class"]), geometry_type="Polygon", crs=own,
        driver="FlatGeobuf",
    )  # fmt: skip
    whole = path.read_bytes()
    start = next(whole.index(word) for word in (b"LOCAL_CS", b"ENGCRS") if word in whole)
    name = listener.address("crs").encode()
    path.write_bytes(whole[:start] + name.ljust(60) + whole[start + 60 :])
    assert read_shapes(path).classes == ["a"]
    assert listener.asked == []


def test_a_system_in_a_geopackage_is_no_address(tmp_path, listener):
    path = hostile.geopackage(tmp_path / "a.gpkg", hostile.TABLE, rows=True)
    with closing(sqlite3.connect(path)) as base:
        base.execute(
            "insert into gpkg_spatial_ref_sys values ('a', 7, 'a', 7, ?, '')",
            (listener.address("crs"),),
        )
        for table in ("gpkg_contents", "gpkg_geometry_columns"):
            base.execute(f"update {table} set srs_id = 7")  # noqa: S608
        base.commit()
    assert read_shapes(path).classes == ["a"]
    assert listener.asked == []


# queries -----------------------------------------------------------------------------------------


def test_a_geopackage_of_tables_is_read(tmp_path):
    trigger = "create trigger t after insert on areas begin select 1; end;"
    path = hostile.geopackage(tmp_path / "a b.gpkg", hostile.TABLE, trigger, rows=True)
    shapes = read_shapes(path)
    assert (shapes.classes, shapes.notes) == (
        ["a"],
        ('The class was read from the attribute "class".',),
    )
    assert [p.name for p in tmp_path.iterdir() if p.name != "home"] == ["a b.gpkg"]


def test_an_endless_view_is_not_read(tmp_path):
    path = hostile.geopackage(tmp_path / "a.gpkg", hostile.LAYER)
    for layer in (None, "areas"):
        with pytest.raises(
            FormatError, match='"areas" is a query \\(a view\\), and queries are not run'
        ):
            read_shapes(path, layer)


@pytest.mark.parametrize("registered", [True, False])
def test_views_beside_a_table_are_left_out_and_said(tmp_path, registered):
    view = hostile.LAYER.replace("areas", "Endless")
    listed = (
        "insert into gpkg_contents values ('endless', 'features', 'endless', '', '', 0, 0, 1, 1,"
        " -1);insert into gpkg_geometry_columns values ('endless', 'geom', 'POLYGON', -1, 0, 0);"
    )
    statements = (hostile.TABLE, view, listed if registered else "")
    path = hostile.geopackage(tmp_path / "a.gpkg", *statements, rows=True)
    shapes = read_shapes(path)
    assert shapes.classes == ["a"]
    assert shapes.notes[0].startswith("Layers that are queries (views) are left out: ")


@pytest.mark.parametrize("table", ["gpkg_contents", "gpkg_extensions", "GPKG_ogr_contents"])
def test_a_view_where_gdal_expects_a_table_is_refused(tmp_path, table):
    drop = "drop table gpkg_contents;" if table == "gpkg_contents" else ""
    view = f"create view {table} as {hostile.ENDLESS} 'areas' as table_name from n;"
    path = hostile.geopackage(tmp_path / "a.gpkg", hostile.TABLE, drop, view)
    with pytest.raises(FormatError, match=f'table "{table}" is computed by a query'):
        read_shapes(path)


def test_computed_columns_are_not_computed(tmp_path):
    more = "class text, x text generated always as (hex(zeroblob(100000000))) virtual"
    path = hostile.geopackage(tmp_path / "a.gpkg", hostile.TABLE.replace("class text", more))
    with pytest.raises(FormatError, match='"areas" is a query'):
        read_shapes(path)


def test_virtual_tables_are_refused(tmp_path, listener):
    sql = f"CREATE VIRTUAL TABLE v USING VirtualOGR(''{listener.address('a.json')}'')"
    forced = f"insert into sqlite_master values('table', 'v', 'v', 0, '{sql}');"
    path = hostile.geopackage(tmp_path / "a.gpkg", hostile.TABLE, rows=True, forced=forced)
    with pytest.raises(FormatError, match='table "v" is virtual'):
        read_shapes(path)
    assert listener.asked == []


def test_the_index_of_a_layer_is_no_such_table(tmp_path):
    path = tmp_path / "my 'areas.gpkg"
    pyogrio.raw.write(
        path, np.array([shapely.to_wkb(shapely.box(1, 1, 4, 4))], object),
        [np.array(["a"], object)], np.array(["class"]), geometry_type="Polygon", crs="EPSG:4326",
    )  # fmt: skip
    with closing(sqlite3.connect(path)) as base:
        sql = [row[0] for row in base.execute("select sql from sqlite_master")]
    assert any("rtree" in str(text) for text in sql)
    assert read_shapes(path).classes == ["a"]


def test_pages_that_are_listed_again_and_again_are_damage(tmp_path):
    path = hostile.geopackage(tmp_path / "a.gpkg", hostile.TABLE)
    with closing(sqlite3.connect(path)) as base:
        rows = [(bytes(3000), "a")] * 400
        base.executemany("insert into areas (geom, class) values (?, ?)", rows)
        base.commit()
        root, page = base.execute(
            "select rootpage, (select page_size from pragma_page_size) from sqlite_master "
            "where name = 'areas'"
        ).fetchone()
    whole = bytearray(path.read_bytes())
    start = (root - 1) * page
    assert whole[start] == 5  # pages of pages
    cells = int.from_bytes(whole[start + 3 : start + 5], "big")
    first = start + int.from_bytes(whole[start + 12 : start + 14], "big")
    for k in range(cells):  # all of them the first one
        at = start + int.from_bytes(whole[start + 12 + 2 * k : start + 14 + 2 * k], "big")
        whole[at : at + 4] = whole[first : first + 4]
    path.write_bytes(whole)
    with pytest.raises(FormatError, match="is damaged"):
        read_shapes(path)


def test_a_check_that_takes_too_long_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(geopackage, "MAX_SECONDS", -1.0)
    monkeypatch.setattr(geopackage, "STEPS", 1)
    path = hostile.geopackage(tmp_path / "a.gpkg", hostile.TABLE, rows=True)
    with pytest.raises(FormatError, match=r"could not be checked within .* Export the layer"):
        read_shapes(path)


def test_too_many_tables_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(geopackage, "MAX_OBJECTS", 3)
    path = hostile.geopackage(tmp_path / "a.gpkg", hostile.TABLE, rows=True)
    with pytest.raises(FormatError, match="more than 3 tables"):
        read_shapes(path)


# KML, and classes --------------------------------------------------------------------------------


def test_two_placemarks_of_a_kml(tmp_path):
    path = tmp_path / "a.kml"
    path.write_text(hostile.placemarks("<name>forest</name>", "<name>water</name>"))
    shapes = read_shapes(path)
    assert shapes.classes == ["forest", "water"]
    assert [g.geom_type for g in shapes.geometries] == ["Polygon", "Polygon"]
    assert [g.bounds for g in shapes.geometries] == [(0, 0, 2, 2), (2, 0, 4, 2)]
    assert CRS.from_user_input(shapes.crs_wkt).to_epsg() == 4326
    found = import_regions(path, SCENE)
    assert found.names == {1: "forest", 2: "water"}
    np.testing.assert_array_equal(found.ids[10:, :4], [[1, 1, 2, 2]] * 2)
    assert np.count_nonzero(found.ids) == 8


@pytest.mark.parametrize(
    "text", ["", "<?xml version='1.0'?><gpx/>", '{"type": "FeatureCollection"}', "<KLM/>"]
)
def test_a_kml_that_is_none_is_refused(tmp_path, text):
    path = tmp_path / "a.kml"
    path.write_text(text)
    with pytest.raises(
        FormatError, match=r"a\.kml (is empty|does not contain what its name suggests)"
    ):
        read_shapes(path)


@pytest.mark.parametrize("form", ["<!ENTITY x SYSTEM 'URL'>", "<!ENTITY x 'aaaa'>"])
def test_entities_in_a_kml_are_not_followed(tmp_path, listener, form):
    before = f"<!DOCTYPE kml [{form.replace('URL', listener.address('entity'))}]>"
    path = tmp_path / "a.kml"
    path.write_text(hostile.placemarks("<name>&x;</name>", before=before))
    with pytest.raises(FormatError, match=r"a\.kml could not be read"):
        read_shapes(path)
    assert listener.asked == []


def test_a_geojson_without_attributes_is_one_class(tmp_path):
    path = tmp_path / "fields.geojson"
    whole = json.loads(hostile.geojson())
    whole["features"] = [{**whole["features"][0], "properties": {}} for _ in range(2)]
    path.write_text(json.dumps(whole))
    shapes = read_shapes(path)
    assert shapes.classes == ["fields", "fields"]
    assert shapes.notes == ("No attribute contains a class; all shapes get the same class.",)


@pytest.mark.parametrize("value", [-1, 70000])
def test_values_that_are_no_ids_become_names(tmp_path, value):
    path = tmp_path / "a.geojson"
    whole = json.loads(hostile.geojson())
    whole["features"] = [
        {**whole["features"][0], "properties": {"class_id": v}} for v in (value, 65535)
    ]
    path.write_text(json.dumps(whole))
    shapes = read_shapes(path)
    assert shapes.classes == [str(value), "65535"]
    assert shapes.notes[-1] == (
        "The class values are not ids from 0 to 65535; they are interpreted as names."
    )


def test_values_from_0_to_65535_are_ids(tmp_path):
    path = tmp_path / "a.geojson"
    whole = json.loads(hostile.geojson())
    whole["features"] = [
        {**whole["features"][0], "properties": {"class_id": v}} for v in (0, 65535)
    ]
    path.write_text(json.dumps(whole))
    assert read_shapes(path).classes == [0, 65535]
    assert vector.MAX_CLASS_ID == 65535
