"""Names of formats that are not read, by their first bytes, so that a refusal can name them."""

from __future__ import annotations

from codecs import BOM_UTF16_BE, BOM_UTF16_LE

PRINTABLE = bytes([9, 10, 12, 13, *range(32, 127)])
LETTERS = bytes(range(160, 256))  # of other alphabets, in a text of one byte a letter
MOST_LETTERS = 0.3

# Signature, its offset, and the name with what can be done.
SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "a JPEG image"),
    (0, b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 image; convert it to GeoTIFF with gdal_translate"),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 image; convert it to GeoTIFF with gdal_translate"),
    (0, b"GIF8", "a GIF image"),
    (0, b"BM", "a BMP image"),
    (8, b"WEBP", "a WebP image"),
    (0, b"#?RADIANCE", "a Radiance HDR image"),
    (0, b"%PDF", "a PDF document"),
    (0, b"\xd0\xcf\x11\xe0", "a document of an older Microsoft Office version"),
    (30, b"[Content_Types].xml", "a Microsoft Office document"),
    (30, b"_rels/.rels", "a Microsoft Office document"),
    (30, b"mimetype", "an OpenOffice or LibreOffice document"),
    (30, b"session.json", "an HSI Viewer session; name it .hsiproj to open it"),
    (0, b"PK\x03\x04", "a ZIP archive; unpack it, or name it .npz if it contains NumPy arrays"),
    (0, b"PK\x05\x06", "an empty ZIP archive"),
    (0, b"\x1f\x8b", "a gzip archive; unpack it, or name it .img.gz beside its ENVI header"),
    (0, b"BZh", "a bzip2 archive; unpack it"),
    (0, b"\xfd7zXZ", "an xz archive; unpack it"),
    (0, b"7z\xbc\xaf", "a 7z archive; unpack it"),
    (0, b"Rar!", "a RAR archive; unpack it"),
    (0, b"\x28\xb5\x2f\xfd", "a Zstandard archive; unpack it"),
    (257, b"ustar", "a tar archive; unpack it"),
    (
        0,
        b"SQLite format 3",
        "an SQLite database or a GeoPackage, whose regions are imported into an open scene",
    ),
    (0, b"PAR1", "a Parquet table"),
    (0, b"\x0e\x03\x13\x01", "an HDF4 file; convert it to HDF5 with h4toh5"),
    (0, b"PCIDSK", "a PCIDSK image; convert it to GeoTIFF with gdal_translate"),
    (0, b"[general]", "an R raster; convert it to GeoTIFF with gdal_translate"),
    (0, b"Object = IsisCube", "an ISIS cube; convert it to GeoTIFF with gdal_translate"),
    (0, b"PDS_VERSION_ID", "a PDS image; convert it to GeoTIFF with gdal_translate"),
    (0, b"DatasetHeader Begin", "an ERS header; convert its image with gdal_translate"),
    (0, b"ASD", "a binary ASD spectrum; export it as text in ViewSpec"),
    (0, b"as7", "a binary ASD spectrum; export it as text in ViewSpec"),
    (0, b"as8", "a binary ASD spectrum; export it as text in ViewSpec"),
    (0, b"NITF", "a NITF image; convert it to GeoTIFF with gdal_translate"),
    (0, b"NSIF", "a NITF image; convert it to GeoTIFF with gdal_translate"),
    (0, b"GRIB", "a GRIB file"),
    (0, b"SIMPLE  =", "a FITS image"),
    (128, b"DICM", "a DICOM image"),
    (344, b"n+1\0", "a NIfTI image"),
    (344, b"ni1\0", "the header of a NIfTI image"),
    (0, b"\x5c\x01\x00\x00", "the header of an Analyze or NIfTI image"),
    (0, b"NRRD", "an NRRD image"),
    (0, b"LASF", "a LAS point cloud"),
    (0, b"<VRTDataset", "a virtual GDAL raster; convert it to GeoTIFF with gdal_translate"),
    (0, b"ENVI", "an ENVI header; name it .hdr"),
    (0, b"%!PS", "a PostScript document"),
    (0, b"\x7fELF", "a program"),
    (0, b"MZ", "a program"),
    (0, b"<?xml", "an XML file"),
    (0, b"<", "an XML or HTML text"),
    (0, b"\x80\x04\x95", "a Python pickle, which could run code and is not read"),
    (0, b"\x80\x05\x95", "a Python pickle, which could run code and is not read"),
)


def name_of(magic: bytes) -> str | None:
    """Name of a format by a file's first 500 bytes, e.g. "a PDF document"; None if unknown.

    Parameters
    ----------
    magic : first bytes of the file.
    """
    for at, signature, name in SIGNATURES:
        if magic.startswith(signature, at):
            return name
    return "a text file" if _is_text(magic) else None


def looks_like_text(magic: bytes) -> bool:
    """Whether first bytes are a text of any usual encoding."""
    if magic.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) or _is_text(magic):
        return True
    others = magic.translate(None, PRINTABLE)
    return not others.translate(None, LETTERS) and len(others) <= MOST_LETTERS * len(magic)


def _is_text(magic: bytes) -> bool:
    try:
        text = magic.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < len(magic) - 3:  # not a letter that the last byte cuts through
            return False
        text = magic[: error.start].decode("utf-8-sig")
    return bool(text) and "".join(text.split()).isprintable()
