"""Every real file opens, or is refused with a message that names it and says what to do."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from hsi_viewer.core.errors import FileError
from hsi_viewer.io.info import cube_info
from hsi_viewer.io.opening import open_cube

OPENED = {
    "envi/ang20140912t192359_corr_v1c_img_2580-2590_540-550.hdr": (10, 10, 432),
    "envi/ang20140912t192359_corr_v1c_img_2580-2590_540-550_class.img": (10, 10, 1),
    "envi/ang20150420t182808_corr_v1e_img_class_4200-4210_70-80.hdr": (10, 10, 1),
    "envi/ang20150422t163638_corr_v1e_img_4000-4010_550-560.img": (10, 10, 432),
    "envi/f080702t01p00r08rdn_c_sc01_ort_img_123_456.hdr": (1, 1, 224),
    "envi/corn-kernel-hyperspectral.raw": (31, 43, 580),
    "envi/toy.bil": (167, 150, 4),
    "envi/berlin_um/envi": (7, 10, 177),
    "geotiff/neon_11x11x369_int16.tif": (11, 11, 369),
    "geotiff/neon_27x10x369_float32_lzw.tif": (40, 40, 426),
    "ground_truth/92AV3GT.GIS": (145, 145, 1),
    "indian_pines/Indian_pines_corrected.mat": (145, 145, 200),
    "jasper_ridge/jasperRidge2_R198.mat": (100, 100, 198),
    "samson/Samson_UPCGIT.mat": (95, 95, 156),
    "mat/muufl_v73.mat": (100, 100, 64),
    "ground_truth/PaviaU_gt.mat": (610, 340, 1),
    "ground_truth/Salinas_gt.mat": (512, 217, 1),
    "indian_pines/Indian_pines_gt.mat": (145, 145, 1),
}
REFUSED = {
    "envi/bad_interleave": "interleave = bup",
    "envi/bad_interleave.hdr": "interleave = bup",
    "envi/esri_style.hdr": "ESRI header, not an ENVI one",
    "envi/header_without_data.hdr": "data file of this header is missing",
    "envi/toy.bil.aux.xml": "cannot be opened as a hyperspectral cube",
    "mat/not_a_cube_v73.mat": r"raw1 \(struct\)",
    "spectral_library/library_berlin.sli": "is a spectral library",
    "spectral_library/library_berlin.csv": "cannot be opened as a hyperspectral cube",
}


@pytest.mark.real_data
@pytest.mark.parametrize("name", OPENED)
def test_opened(data_dir, name):
    info = cube_info(data_dir / name)
    assert (info["rows"], info["columns"], info["bands"]) == OPENED[name]
    assert not any("noise" in warning for warning in info["warnings"])


@pytest.mark.real_data
@pytest.mark.parametrize("name", REFUSED)
def test_refused(data_dir, name):
    with pytest.raises(FileError, match=REFUSED[name]):
        open_cube(data_dir / name)


@pytest.mark.real_data
@pytest.mark.parametrize("suffix", [".hdr", ".sli"])
@pytest.mark.parametrize(
    ("name", "size", "nm"),
    [
        ("library_berlin", (75, 177), [460.0, 2409.0]),
        ("s06av95a_envi", (1365, 224), [383.15, 2508.2]),
    ],
)
def test_libraries_are_described(data_dir, name, size, nm, suffix):
    info = cube_info(data_dir / "spectral_library" / f"{name}{suffix}")
    assert (info["rows"], info["bands"]) == size
    assert (info["columns"], info["dtype"]) == (1, "float64")
    assert info["format"] == "ENVI spectral library"
    assert info["wavelength_nm"] == pytest.approx(nm)
    assert info["wavelength_units_in_file"] == "Micrometers"
    assert "is a spectral library, not an image" in info["warnings"][0]


@pytest.mark.parametrize("interleave", ["bsq", "bil", "bip"])
def test_ten_gigabytes_open_at_once(tmp_path, interleave):
    (tmp_path / "large.hdr").write_text(
        "ENVI\nsamples = 5000\nlines = 5000\nbands = 200\ndata type = 12\n"
        f"interleave = {interleave}\nbyte order = 0\n"
    )
    with (tmp_path / "large.img").open("wb") as file:
        file.truncate(5000 * 5000 * 200 * 2)  # sparse: takes no room on the disk
    open_cube(tmp_path / "large.hdr")  # imports
    tracemalloc.start()
    start = time.process_time()  # other programs do not lengthen it
    cube = open_cube(tmp_path / "large.hdr")
    seconds = time.process_time() - start
    spectrum = cube.read(slice(4999, 5000), slice(4999, 5000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert spectrum.shape == (1, 1, 200)
    assert seconds < 1
    assert peak < 5e6
