"""Hostile inputs: files that would act, name other files or ask addresses, if they were let."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

RING = [[1, 1], [10, 1], [10, 10], [1, 1]]


def pipeline(folder: Path, victim: Path) -> str:
    """A vector "file" that is a command line, which overwrites the victim."""
    line = f"gdal vector convert --overwrite {folder / 'none'} {victim} --of CSV"
    return json.dumps({"type": "gdal_streamed_alg", "command_line": line})


def raster_pipeline(folder: Path, victim: Path) -> str:
    line = f"gdal raster convert --overwrite {folder / 'none'} {victim}"
    return json.dumps({"type": "gdal_streamed_alg", "command_line": line})


def virtual_raster(source: str) -> str:
    return (
        '<VRTDataset rasterXSize="4" rasterYSize="4"><VRTRasterBand dataType="Byte" band="1">'
        f"<SimpleSource><SourceFilename>{source}</SourceFilename><SourceBand>1</SourceBand>"
        "</SimpleSource></VRTRasterBand></VRTDataset>"
    )


def virtual_vector(source: str) -> str:
    return (
        f'<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>{source}</SrcDataSource>'
        "</OGRVRTLayer></OGRVRTDataSource>"
    )


def map_service(address: str) -> str:
    return (
        f'<GDAL_WMS><Service name="WMS"><ServerUrl>{address}?</ServerUrl><Layers>a</Layers>'
        "<CRS>EPSG:4326</CRS></Service><DataWindow><UpperLeftX>-180</UpperLeftX>"
        "<UpperLeftY>90</UpperLeftY><LowerRightX>180</LowerRightX><LowerRightY>-90</LowerRightY>"
        "<SizeX>8</SizeX><SizeY>8</SizeY></DataWindow><BandsCount>1</BandsCount></GDAL_WMS>"
    )


def feature_service(address: str) -> str:
    return f"<OGRWFSDataSource><URL>{address}</URL></OGRWFSDataSource>"


def tile_service(address: str) -> str:
    return f"<GDAL_WMTS><GetCapabilitiesUrl>{address}</GetCapabilitiesUrl></GDAL_WMTS>"


def coverage_service(address: str) -> str:
    return f"<WCS_GDAL><ServiceURL>{address}</ServiceURL><CoverageName>a</CoverageName></WCS_GDAL>"


def features_api(address: str) -> str:
    return f"<OGRCSWDataSource><URL>{address}</URL></OGRCSWDataSource>"


def esri_json(address: str) -> str:
    return json.dumps(
        {"exceededTransferLimit": True, "geometryType": "esriGeometryPoint", "features": [],
         "fields": [], "url": address}
    )  # fmt: skip


def tile_index(address: str) -> str:
    return f"<GDALTileIndexDataset><IndexDataset>{address}</IndexDataset></GDALTileIndexDataset>"


def spatiotemporal_items(address: str) -> str:
    return json.dumps(
        {"stac_version": "1.0.0", "type": "FeatureCollection", "features": [
            {"type": "Feature", "stac_version": "1.0.0", "properties": {"proj:epsg": 4326},
             "assets": {"a": {"href": address}}, "geometry": None}]}
    )  # fmt: skip


def entities(address: str) -> str:
    return f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "{address}">]><a>&x;</a>'


def document_type(address: str) -> str:
    return f'<?xml version="1.0"?><!DOCTYPE a SYSTEM "{address}"><a/>'


def schema(address: str) -> str:
    return (
        '<?xml version="1.0"?><a xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="b {address}" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'xlink:href="{address}"><xi:include xmlns:xi="http://www.w3.org/2001/XInclude" '
        f'href="{address}"/></a>'
    )


def many_entities(_: str = "") -> str:
    levels = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 12))
    return f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e0 "lol">{levels}]><a>&e11;</a>'


def map_text(address: str) -> str:
    return address


OF_ADDRESSES = {
    "virtual raster": virtual_raster,
    "virtual vector": virtual_vector,
    "map service": map_service,
    "feature service": feature_service,
    "tile service": tile_service,
    "coverage service": coverage_service,
    "catalogue service": features_api,
    "ESRI JSON": esri_json,
    "tile index": tile_index,
    "STAC": spatiotemporal_items,
    "entity": entities,
    "document type": document_type,
    "schema": schema,
    "bomb": many_entities,
    "address": map_text,
}


def geojson(crs: object = None, of_geometry: object = None, **more: object) -> str:
    """A polygon of class "a"; `crs` of the file, or of its geometry."""
    geometry: dict[str, object] = {"type": "Polygon", "coordinates": [RING]}
    if of_geometry is not None:
        geometry["crs"] = of_geometry
    feature = {"type": "Feature", "properties": {"class": "a"}, "geometry": geometry}
    whole: dict[str, object] = {"type": "FeatureCollection", "features": [feature], **more}
    return json.dumps(whole if crs is None else {**whole, "crs": crs})


def link(address: str) -> dict[str, object]:
    return {"type": "link", "properties": {"href": address, "type": "ogcwkt"}}


def url(address: str) -> dict[str, object]:
    return {"type": "url", "properties": {"url": address}}


def placemarks(*bodies: str, inside: str = "", before: str = "") -> str:
    """A KML file of one square a body, each beside the one before."""
    marks = "".join(
        f"<Placemark>{body}<Polygon><outerBoundaryIs><LinearRing><coordinates>"
        f"{x},0 {x + 2},0 {x + 2},2 {x},2 {x},0</coordinates></LinearRing></outerBoundaryIs>"
        "</Polygon></Placemark>"
        for x, body in zip(range(0, 100, 2), bodies, strict=False)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}'
        f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{inside}{marks}</Document></kml>'
    )


GEOPACKAGE = """
pragma application_id = 1196444487; pragma user_version = 10300;
create table gpkg_spatial_ref_sys (srs_name text, srs_id integer primary key, organization text,
    organization_coordsys_id integer, definition text, description text);
insert into gpkg_spatial_ref_sys values ('undefined', -1, 'NONE', -1, 'undefined', '');
create table gpkg_contents (table_name text primary key, data_type text, identifier text,
    description text, last_change text, min_x real, min_y real, max_x real, max_y real,
    srs_id integer);
create table gpkg_geometry_columns (table_name text, column_name text, geometry_type_name text,
    srs_id integer, z integer, m integer);
insert into gpkg_contents values ('areas', 'features', 'areas', '', '2026-01-01T00:00:00.000Z',
    0, 0, 1, 1, -1);
insert into gpkg_geometry_columns values ('areas', 'geom', 'POLYGON', -1, 0, 0);
"""
TABLE = "create table areas (fid integer primary key, geom blob, class text);"
ENDLESS = "with recursive n(fid) as (select 1 union all select fid + 1 from n) select "
LAYER = f"create view areas as {ENDLESS} fid, null as geom, 'a' as class from n;"
ROW = "insert into areas values (1, ?, 'a')"


def geopackage(path: Path, *statements: str, rows: bool = False, forced: str = "") -> Path:
    """A GeoPackage of one layer, "areas".

    Parameters
    ----------
    path : to write.
    statements : that make the layer, and more.
    rows : whether the layer gets a polygon.
    forced : what is run at last with a schema that may be written.
    """
    import shapely

    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as base:
        base.executescript(GEOPACKAGE + "".join(statements))
        if rows:
            polygon = shapely.to_wkb(shapely.box(0, 0, 2, 2), byte_order=1)
            base.execute(ROW, (b"GP\x00\x01" + (-1).to_bytes(4, "little", signed=True) + polygon,))
        if forced:
            base.execute("pragma writable_schema = on")
            base.executescript(forced)
        base.commit()
    return path
