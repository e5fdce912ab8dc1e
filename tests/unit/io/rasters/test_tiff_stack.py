"""TIFF files of many images, as cameras, ImageJ, OME and NumPy's users write them."""

from __future__ import annotations

import re

import numpy as np
import pytest
import tifffile
from PIL import Image

from hsi_viewer.io.info import cube_info
from hsi_viewer.io.opening import arrays_in, open_cube
from hsi_viewer.io.sidecars.sidecar import edited
from tests.unit.io.bounds import bounded

PLANES = np.random.default_rng(4).integers(0, 5000, (31, 40, 50)).astype(np.uint16)
CUBE = PLANES.transpose(1, 2, 0)
NAMES = [f"{400 + 10 * k} nm" for k in range(31)]


def check(path, cube=CUBE):
    """Whole, a window, some bands in disorder, and single spectra are as they were written."""
    found = open_cube(path)
    np.testing.assert_array_equal(found.read(), cube)
    window = (slice(3, 30, 4), slice(7, 41, 3))
    np.testing.assert_array_equal(
        found.read(*window, bands=[30, 2, 2]), cube[window][:, :, [30, 2, 2]]
    )
    np.testing.assert_array_equal(found.read(slice(5, 6), slice(6, 7)), cube[5:6, 6:7])
    return found


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "f4", "f8"])
def test_images_one_behind_the_other(tmp_path, byteorder, dtype):
    planes = (PLANES % 200).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", planes, byteorder=byteorder, photometric="minisblack")
    found = check(tmp_path / "a.tif", planes.transpose(1, 2, 0))
    assert found.interleave == "bsq"


def test_images_that_do_not_adjoin_or_are_packed(tmp_path):
    with tifffile.TiffWriter(tmp_path / "apart.tif") as file:
        for k, plane in enumerate(PLANES):
            file.write(plane, contiguous=False, description=f"band {k}", metadata=None)
    assert check(tmp_path / "apart.tif").warnings == ()
    images = [Image.fromarray(plane) for plane in PLANES]
    images[0].save(
        tmp_path / "lzw.tif", save_all=True, append_images=images[1:], compression="tiff_lzw"
    )
    assert check(tmp_path / "lzw.tif").warnings == ()


def test_many_images_are_read_where_they_lie(tmp_path, monkeypatch):
    planes = np.arange(300 * 6, dtype="u2").reshape(300, 2, 3)
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for plane in planes:
            file.write(plane, contiguous=False, metadata=None)
    found = open_cube(tmp_path / "a.tif")
    monkeypatch.setattr(
        "hsi_viewer.io.rasters.raster_source._opened", None
    )  # no image is opened by itself
    np.testing.assert_array_equal(found.read(), planes.transpose(1, 2, 0))


@pytest.mark.parametrize("truncate", [False, True])
def test_stacks_of_imagej(tmp_path, truncate):
    # a stack over 4 GB is one image to TIFF, and the others lie behind it
    planes = PLANES.astype("f4")
    metadata = {"axes": "CYX", "Labels": NAMES}
    tifffile.imwrite(tmp_path / "a.tif", planes, imagej=True, metadata=metadata, truncate=truncate)
    found = check(tmp_path / "a.tif", planes.transpose(1, 2, 0))
    assert found.band_names == tuple(NAMES)
    np.testing.assert_array_equal(found.wavelengths, 400 + 10 * np.arange(31))
    assert found.warnings == ()


def test_a_stack_of_imagej_that_is_cut_off_shows_what_is_there(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", PLANES, imagej=True, truncate=True)
    whole = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "a.tif").write_bytes(whole[: len(whole) // 2])
    found = open_cube(tmp_path / "a.tif")
    np.testing.assert_array_equal(found.read()[:, :, 0], PLANES[0])


def test_channels_of_ome(tmp_path):
    metadata = {"axes": "CYX", "Channel": {"Name": NAMES}}
    tifffile.imwrite(tmp_path / "a.ome.tif", PLANES, metadata=metadata)
    found = check(tmp_path / "a.ome.tif")
    np.testing.assert_array_equal(found.wavelengths, 400 + 10 * np.arange(31))
    several = np.stack([PLANES, PLANES + 1])
    tifffile.imwrite(tmp_path / "b.ome.tif", several, metadata={"axes": "TCYX"})
    found = open_cube(tmp_path / "b.ome.tif")
    assert found.bands == 62
    assert any("(2 T x 31 C) are interpreted as bands" in warning for warning in found.warnings)


def test_of_ome_no_other_file_is_opened(tmp_path):
    tifffile.imwrite(tmp_path / "a.ome.tif", PLANES[:16], metadata={"axes": "CYX"})
    text = tifffile.tiffcomment(tmp_path / "a.ome.tif")
    elsewhere = '<TiffData FirstC="0" IFD="0" PlaneCount="16"><UUID FileName="b.ome.tif">urn:uuid:1'
    named = re.sub(
        r"<TiffData[^>]*/>|<TiffData.*?</TiffData>", f"{elsewhere}</UUID></TiffData>", text
    )
    assert named != text
    tifffile.tiffcomment(tmp_path / "a.ome.tif", named.encode())
    (tmp_path / "b.ome.tif").write_bytes(b"never looked at")
    np.testing.assert_array_equal(open_cube(tmp_path / "a.ome.tif").read()[:, :, 0], PLANES[0])


@pytest.mark.parametrize("at", [0, 31])
def test_a_preview_before_or_behind_the_bands_is_none_of_them(tmp_path, at):
    preview = np.zeros((40, 50, 3), np.uint8) if at == 0 else np.zeros((10, 12), np.uint16)
    pages = [*PLANES]
    pages.insert(at, preview)
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for page in pages:
            file.write(page, contiguous=False, metadata=None)
    found = check(tmp_path / "a.tif")
    assert "32 images; the 31 of the same size are the bands" in found.warnings[0]


@pytest.mark.parametrize("kind", ["u2", "i2", "f4"])
def test_the_bands_have_their_own_type_behind_a_preview_of_another(tmp_path, kind):
    planes = (PLANES % 500).astype(kind)
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(np.zeros((40, 50, 3), np.uint8), photometric="rgb", metadata=None)
        for plane in planes:
            file.write(plane, contiguous=False, metadata=None, compression="zlib")
    assert check(tmp_path / "a.tif", planes.transpose(1, 2, 0)).dtype == kind


def test_a_cube_with_masks_behind_it_stays_the_cube(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(CUBE, photometric="minisblack", planarconfig="contig", metadata=None)
        for _ in range(3):
            file.write(np.zeros((40, 50), np.uint8), metadata=None)
    found = open_cube(tmp_path / "a.tif")
    np.testing.assert_array_equal(found.read(), CUBE)
    assert "The file contains 4 images" in found.warnings[0]
    assert open_cube(f"{tmp_path / 'a.tif'}:2").bands == 1


def test_the_order_of_the_axes_of_a_stack_can_be_said(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, CUBE)  # rows, columns, bands: 40 images of 50 x 31
    found = open_cube(path)
    assert found.shape == (50, 31, 40)
    assert "choose another order of the axes in the header doctor" in found.warnings[0]
    (choice,) = arrays_in(path)
    assert choice.shape == (40, 50, 31)
    for order in (("rows", "columns", "bands"), ("columns", "rows", "bands")):
        edited(path, array=choice.name, axes=order)
        turned = open_cube(path)
        assert turned.warnings == ()
        wanted = CUBE if order[0] == "rows" else CUBE.transpose(1, 0, 2)
        np.testing.assert_array_equal(turned.read(), wanted)
    assert cube_info(path)["bands"] == 31
    with tifffile.TiffWriter(path) as file:  # the same where the images do not adjoin
        for plane in CUBE:
            file.write(plane, contiguous=False, metadata=None)
    edited(path, axes=("rows", "columns", "bands"))
    check(path)


@pytest.mark.parametrize("dtype", ["f2", "f4", "u2"])
@pytest.mark.parametrize("options", [{"compression": "zlib"}, {"tile": (16, 16)}, {}])
def test_images_of_any_type_and_layout(tmp_path, dtype, options):
    planes = (PLANES[:6] % 500).astype(dtype)
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for plane in planes:
            file.write(plane, contiguous=False, metadata=None, **options)
    found = open_cube(tmp_path / "a.tif")
    np.testing.assert_array_equal(found.read(), planes.transpose(1, 2, 0))


@pytest.mark.parametrize("odd", [{"compression": "zlib"}, {"tile": (16, 16)}])
def test_images_that_are_stored_in_different_ways_are_alike(tmp_path, odd):
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for k, plane in enumerate(PLANES):
            file.write(plane, contiguous=False, metadata=None, **(odd if k % 3 else {}))
    assert check(tmp_path / "a.tif").warnings == ()


def test_a_preview_does_not_place_the_bands(tmp_path):
    scale = (33550, "d", 3, (10.0, 10.0, 0.0), True), (33922, "d", 6, (0, 0, 0, 5e5, 4e6, 0), True)
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(np.zeros((80, 100, 3), "u1"), metadata=None, extratags=scale, photometric="rgb")
        for plane in PLANES:
            file.write(plane, contiguous=False, metadata=None)
    assert check(tmp_path / "a.tif").georeference is None


def test_an_acquisition_that_was_stopped_shows_what_there_is(tmp_path):
    tifffile.imwrite(tmp_path / "a.ome.tif", PLANES[:4], metadata={"axes": "CYX"})
    text = tifffile.tiffcomment(tmp_path / "a.ome.tif").replace('SizeC="4"', 'SizeC="6"')
    tifffile.tiffcomment(tmp_path / "a.ome.tif", text.encode())
    found = open_cube(tmp_path / "a.ome.tif")
    np.testing.assert_array_equal(found.read()[:, :, :4], PLANES[:4].transpose(1, 2, 0))


@pytest.mark.parametrize(
    "description",
    [
        '{"shape": [2000000000, 40, 50]}',
        "ImageJ=1.53\nimages=9999999\nslices=9999999\n",
        '<OME><Pixels SizeC="100000" SizeZ="100000" SizeT="100000"><TiffData/>',
        "<OME>" + "<Channel " * 40_000,
        '<OME><Channel Name="' * 40_000,
    ],
)
def test_what_a_description_promises_is_believed_as_far_as_the_file_goes(tmp_path, description):
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for plane in PLANES[:2]:
            file.write(plane, contiguous=False, metadata=None, description=description)
    with bounded():
        found = open_cube(tmp_path / "a.tif")
    np.testing.assert_array_equal(found.read(), PLANES[:2].transpose(1, 2, 0))


def test_no_bands_are_an_empty_window(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", PLANES, photometric="minisblack", compression="zlib")
    cube = open_cube(tmp_path / "a.tif")
    edited(tmp_path / "a.tif", axes=("rows", "bands", "columns"))
    for found in (cube, open_cube(tmp_path / "a.tif")):
        assert found.read(slice(0, 9, 2), slice(0, 7), bands=[]).shape == (5, 7, 0)


def test_images_of_one_bit_are_bands_of_0_and_1(tmp_path):
    planes = PLANES > 2500
    tifffile.imwrite(tmp_path / "a.tif", planes, photometric="minisblack")
    check(tmp_path / "a.tif", planes.transpose(1, 2, 0).astype(np.uint8))


@pytest.mark.parametrize("to", [0, 1, 2])
def test_a_list_of_images_that_leads_in_a_circle_is_not_followed_for_good(tmp_path, to):
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as file:
        for band in np.moveaxis(CUBE, 2, 0)[:3]:
            file.write(band, photometric="minisblack", contiguous=False)
    with tifffile.TiffFile(path) as file:
        starts, last = [page.offset for page in file.pages], len(file.pages[2].tags)
    data = bytearray(path.read_bytes())
    at = starts[2] + 2 + 12 * last  # where the last image names the next, of which there is none
    data[at : at + 4] = starts[to].to_bytes(4, "little")
    path.write_bytes(data)
    np.testing.assert_array_equal(open_cube(path).read()[:, :, 0], CUBE[:, :, 0])
