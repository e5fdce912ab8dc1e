"""Hostile inputs that are no texts: containers that name other files, run something, or lead out.

What they name are the files of a folder that nobody may open; see `canaries`.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import rasterio

from tests.unit.io import hostile_files as hostile

ARRAY = np.arange(3 * 4 * 5, dtype="<u2").reshape(3, 4, 5)
MATLAB = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM"


def canaries(folder: Path) -> Path:
    """A folder of files that are named by hostile ones."""
    folder.mkdir()
    (folder / "a.bin").write_bytes(bytes(1000))
    (folder / "a.geojson").write_text(hostile.geojson())
    (folder / "a.hdr").write_text("ENVI\nsamples = 4\nlines = 3\nbands = 5\ndata type = 12\n")
    (folder / "a.img").write_bytes(ARRAY.tobytes())
    np.save(folder / "a.npy", ARRAY)
    with h5py.File(folder / "a.h5", "w") as file:
        file["cube"], file["labels"] = ARRAY, ARRAY[:, :, 0]
    write_tiff(folder / "a.tif")
    return folder


def write_tiff(path: Path, **tags: str) -> None:
    profile = {"driver": "GTiff", "height": 3, "width": 4, "count": 5, "dtype": "uint16"}
    with rasterio.open(path, "w", transform=rasterio.Affine(1, 0, 0, 0, -1, 3), **profile) as file:
        file.write(ARRAY.transpose(2, 0, 1))
        if tags:
            file.update_tags(ns="OVERVIEWS", **tags)


def texts(secret: Path) -> dict[str, str]:
    """Texts that name other files."""
    absolute, relative = str(secret), f"../../{secret.name}"
    sizes = "samples = 4\nlines = 3\nbands = 5\ndata type = 12\ninterleave = bsq\n"
    references = {"version": 1, "refs": {
        ".zgroup": '{"zarr_format": 2}', "cube/.zarray": zarr_array(),
        "cube/0.0.0": [f"{secret}/a.bin", 0, 120], "cube/0.0.1": [f"file://{secret}/a.bin"],
    }}  # fmt: skip
    dimap = (
        "<Dimap_Document><Raster_Dimensions><NCOLS>4</NCOLS><NROWS>3</NROWS><NBANDS>1</NBANDS>"
        "</Raster_Dimensions><Data_Access><Data_File><DATA_FILE_PATH href='{}/a.hdr'/>"
        "<BAND_INDEX>0</BAND_INDEX></Data_File></Data_Access><Image_Interpretation>"
        "<Spectral_Band_Info><BAND_INDEX>0</BAND_INDEX><BAND_NAME>a</BAND_NAME>"
        "</Spectral_Band_Info></Image_Interpretation></Dimap_Document>"
    )
    return {
        "header of another file": f"ENVI\n{sizes}data file = {absolute}/a.img\n"
        f"file name = {relative}/a.img\nfile type = ENVI Standard\n",
        "ENVI meta file": f"ENVI META FILE\nFile : {absolute}/a.img\nBands: 1-5\nDims: 1-4,1-3\n",
        "references": json.dumps(references),
        "DIMAP above": dimap.format(relative),
        "DIMAP elsewhere": dimap.format(absolute),
        "drawing": '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink='
        f'"http://www.w3.org/1999/xlink"><image xlink:href="file://{absolute}/a.tif"/></svg>',
        "virtual raster of a file": hostile.virtual_raster(f"{absolute}/a.tif"),
        "virtual vectors of a file": hostile.virtual_vector(f"{absolute}/a.geojson"),
        "entity of a file": hostile.entities(f"file://{absolute}/a.bin"),
        "style of a file": "<qgis><pipe><rasterrenderer type='paletted'><colorPalette>"
        f"<paletteEntry value='1' label='a' color='{absolute}/a.bin'/></colorPalette>"
        "</rasterrenderer></pipe></qgis>",
        "list of files": f"{absolute}/a.img\n{absolute}/a.tif\n",
        "session": json.dumps({"schema_version": 1, "source": f"{absolute}/a.npy"}),
        "model": json.dumps({"weights": f"{absolute}/a.bin", "schema_version": 1}),
    }


def zarr_array() -> str:
    facts = {"zarr_format": 2, "shape": [3, 4, 5], "chunks": [3, 4, 5], "dtype": "<u2"}
    return json.dumps(facts | {"compressor": None, "fill_value": 0, "order": "C", "filters": None})


class Runs:
    """What makes a folder when it is unpickled."""

    def __init__(self, mark: str) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (self.mark,)


def hdf5(write: Callable[[h5py.File], object], matlab: bool = False) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.h5")
        with h5py.File(path, "w", userblock_size=512 if matlab else 0) as file:
            write(file)
        return (MATLAB if matlab else b"") + path.read_bytes()[len(MATLAB) if matlab else 0 :]


def external_link(secret: Path) -> Callable[[h5py.File], object]:
    def write(file: h5py.File) -> None:
        file["cube"] = h5py.ExternalLink(f"{secret}/a.h5", "/cube")
        file["labels"] = h5py.ExternalLink(f"../../{secret.name}/a.h5", "/labels")

    return write


def linked_twice(secret: Path) -> Callable[[h5py.File], object]:
    def write(file: h5py.File) -> None:
        file["away"] = h5py.ExternalLink(f"{secret}/a.h5", "/")
        file["cube"], file["labels"] = h5py.SoftLink("/away/cube"), h5py.SoftLink("/away/labels")

    return write


def external_values(secret: Path) -> Callable[[h5py.File], object]:
    def write(file: h5py.File) -> None:
        for name, shape in (("cube", (3, 4, 5)), ("labels", (3, 4)), ("wavelength", (5,))):
            file.create_dataset(name, shape, "u1", external=[(f"{secret}/a.bin", 0, 100)])

    return write


def virtual(secret: Path) -> Callable[[h5py.File], object]:
    def write(file: h5py.File) -> None:
        name = f"{secret}/a.h5"
        layout = h5py.VirtualLayout((3, 4, 5), "u2")
        layout[:] = h5py.VirtualSource(name, "cube", (3, 4, 5))
        file.create_virtual_dataset("cube", layout)
        flat = h5py.VirtualLayout((3, 4), "u2")
        flat[:] = h5py.VirtualSource(name, "labels", (3, 4))
        file.create_virtual_dataset("labels", flat)

    return write


def netcdf(secret: Path) -> Callable[[h5py.File], object]:
    def write(file: h5py.File) -> None:
        file.attrs["_NCProperties"] = np.bytes_("version=2,netcdf=4.9.2,hdf5=1.14.3")
        for name, size in (("y", 3), ("x", 4)):
            file[name] = np.arange(size, dtype="f8")
            file[name].make_scale(name)
        virtual(secret)(file)
        for axis, name in enumerate("yx"):
            file["cube"].dims[axis].attach_scale(file[name])
        file["crs"] = h5py.ExternalLink(f"{secret}/a.h5", "/cube")
        file["cube"].attrs["grid_mapping"] = "crs"

    return write


def archive(entries: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for name, data in entries.items():
            info = zipfile.ZipInfo(name)
            if name.endswith(" link"):
                info.external_attr = 0o120777 << 16
            file.writestr(info, data)
    return made.getvalue()


def array_file(array: np.ndarray) -> bytes:
    made = io.BytesIO()
    np.save(made, array, allow_pickle=True)
    return made.getvalue()


def binaries(secret: Path, mark: Path) -> dict[str, bytes]:
    """Contents by kind; those that run something make the folder `mark`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a")
        table = f"CREATE VIRTUAL TABLE v USING VirtualOGR(''{secret}/a.geojson'')"
        forced = f"insert into sqlite_master values('table', 'v', 'v', 0, '{table}');"
        fires = (
            "create trigger t after insert on areas begin delete from gpkg_contents; "
            "select load_extension('a'); end;"
            "create trigger u after update on gpkg_contents begin delete from areas; end;"
        )
        layers = {
            "view without an end": ((hostile.LAYER,), ""),
            "triggers": ((hostile.TABLE,), fires),
            "table of another file": ((hostile.TABLE,), forced),
        }
        bases = {
            kind: hostile.geopackage(
                path, *made, rows=made != (hostile.LAYER,), forced=after
            ).read_bytes()
            for kind, (made, after) in layers.items()
        }
        write_tiff(path, OVERVIEW_FILE=f"{secret}/a.tif")
        overviews = path.read_bytes()  # GDAL would delete what it names, if it wrote there again
        write_tiff(path.with_name("b"))
        plain = path.with_name("b").read_bytes()
    loaded = Runs(str(mark))
    unsafe = array_file(np.array([loaded], object))
    outside = {"../../evil.npy": array_file(ARRAY), f"{secret}/evil.npy": array_file(ARRAY)}
    return {
        **bases,
        "overviews elsewhere": overviews,
        "side files": plain,
        "external link": hdf5(external_link(secret)),
        "link to an external link": hdf5(linked_twice(secret)),
        "external values": hdf5(external_values(secret)),
        "virtual data set": hdf5(virtual(secret)),
        "NetCDF of other files": hdf5(netcdf(secret)),
        "MATLAB of other files": hdf5(external_link(secret), matlab=True),
        "paths outside": archive(outside | {"a link": f"{secret}/a.npy".encode()}),
        "zipped shapefile": archive({"a.shp": b"\0\0\x27\x0a" + bytes(96), "a.dbf": bytes(33)}),
        "pickled array": unsafe,
        "pickled arrays": archive({"cube.npy": unsafe, "labels.npy": unsafe}),
        "pickle": pickle.dumps(loaded),
        "pickled weights": archive({"archive/data.pkl": pickle.dumps(loaded)}),
    }


def beside(secret: Path) -> dict[str, str]:
    """Side files of a raster, by what is added to its name."""
    overview = f'<MDI key="OVERVIEW_FILE">{secret}/a.tif</MDI>'
    source = hostile.virtual_raster(f"{secret}/a.tif")
    return {
        ".aux.xml": f'<PAMDataset><Metadata domain="OVERVIEWS">{overview}</Metadata>'
        f"<SRS>{secret}/a.bin</SRS></PAMDataset>",
        ".ovr": source,
        ".msk": source,
    }


def write_zarr(folder: Path, secret: Path, address: str) -> None:
    """Stores whose description names other files or an address."""
    for name, chunk in (("a", f"file://{secret}/a.bin"), ("b", address)):
        store = folder / f"{name}.zarr"
        (store / "cube").mkdir(parents=True)
        (store / ".zgroup").write_text('{"zarr_format": 2}')
        (store / "cube" / ".zarray").write_text(zarr_array())
        (store / "cube" / "0.0.0").write_bytes(ARRAY.tobytes())
        where = {"grid_mapping": chunk, "href": chunk, "references": {"cube/0.0.0": [chunk, 0, 9]}}
        (store / "cube" / ".zattrs").write_text(json.dumps(where))
        metadata = {".zgroup": {"zarr_format": 2}, "cube/.zarray": json.loads(zarr_array())}
        away = {f"../../{secret.name}/.zarray": json.loads(zarr_array()), chunk: {}}
        (store / ".zmetadata").write_text(
            json.dumps({"zarr_consolidated_format": 1, "metadata": metadata | away})
        )
    store = folder / "c.zarr"
    (store / "c" / "0" / "0").mkdir(parents=True)
    (store / "c" / "0" / "0" / "0").write_bytes(ARRAY.tobytes())
    keys = {"name": "default", "configuration": {"separator": f"/../../{secret.name}/"}}
    (store / "zarr.json").write_text(
        json.dumps({
            "zarr_format": 3, "node_type": "array", "shape": [3, 4, 5], "data_type": "uint16",
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [3, 4, 5]}},
            "chunk_key_encoding": keys, "fill_value": 0,
            "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
            "storage_transformers": [{"name": "http", "configuration": {"url": address}}],
        })
    )  # fmt: skip
