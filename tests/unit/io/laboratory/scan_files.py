"""Small scans of laboratory cameras, laid out as their makers' programs lay them out."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

LINES, COLUMNS, BANDS = 12, 10, 8
NM = np.linspace(400, 1000, BANDS)


class Bench:
    """A camera before a scene: counts of it, of a white panel and of a closed shutter."""

    def __init__(self, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.reflectance = rng.uniform(0.05, 0.9, (LINES, COLUMNS, BANDS))
        self.lamp = rng.uniform(150, 200, (COLUMNS, BANDS))  # counts of a white panel per ms
        self.bias = rng.uniform(90, 110, (COLUMNS, BANDS))

    def counts(self, reflectance: Any, exposure: float, lines: int = LINES) -> NDArray[np.uint16]:
        """Counts (lines, columns, bands) of something of a reflectance."""
        light = np.broadcast_to(reflectance, (lines, COLUMNS, BANDS)) * self.lamp * exposure
        return np.round(light + self.bias).astype(np.uint16)


def write_envi(header: Path, counts: NDArray[np.uint16], data: Path, **fields: Any) -> Path:
    """Write a raw image (bil) and its header."""
    data.parent.mkdir(parents=True, exist_ok=True)
    offset = fields.pop("prefix", b"")
    data.write_bytes(offset + counts.transpose(0, 2, 1).astype("<u2").tobytes())
    lines = {
        "samples": counts.shape[1], "lines": counts.shape[0], "bands": counts.shape[2],
        "header offset": len(offset), "data type": 12, "interleave": "bil", "byte order": 0,
        "wavelength": "{" + ", ".join(f"{nm:.2f}" for nm in NM) + "}", **fields,
    }  # fmt: skip
    text = "".join(f"{key} = {value}\n" for key, value in lines.items())
    header.write_text(f"ENVI\n{text}", encoding="utf-8")
    return header


def specim(folder: Path, bench: Bench, name: str = "plant", white_ms: float = 4.0) -> Path:
    """A scan of a Specim camera: name/capture/name.raw, exposed for 8 ms, and its references."""
    place = folder / name / "capture"
    for stem, reflectance, tint, lines in (
        (name, bench.reflectance, 8.0, LINES),
        (f"WHITEREF_{name}", 1.0, white_ms, 6),
        (f"DARKREF_{name}", 0.0, 8.0, 6),
        (f"WHITEDARKREF_{name}", 0.0, white_ms, 6),
    ):
        counts = bench.counts(reflectance, tint, lines)
        write_envi(place / f"{stem}.hdr", counts, place / f"{stem}.raw", tint=tint, fps=20)
    return folder / name


def headwall(folder: Path, bench: Bench, scans: int = 1) -> Path:
    """A folder of a Headwall camera: raw_0, raw_1000 and one pair of references."""
    for k in range(scans):
        data = folder / f"raw_{1000 * k}"
        write_envi(data.with_name(f"{data.name}.hdr"), bench.counts(bench.reflectance, 5.0), data)
    for stem, reflectance in (("whiteReference", 1.0), ("darkReference", 0.0)):
        data = folder / stem
        write_envi(folder / f"{stem}.hdr", bench.counts(reflectance, 5.0, 4), data)
    (folder / "frameIndex_0.txt").write_text("Frame#\tTimestamp\n0\t1\n")
    return folder


def resonon(folder: Path, bench: Bench) -> Path:
    """A folder of a Resonon camera: leaf.bil with leaf.bil.hdr, shutter times, and references."""
    for stem, reflectance, shutter in (
        ("leaf", bench.reflectance, 10.0), ("leaf-White Reference", 1.0, 10.0),
        ("Dark Current", 0.0, 10.0),
    ):  # fmt: skip
        counts = bench.counts(reflectance, shutter)
        data = folder / f"{stem}.bil"
        write_envi(
            folder / f"{stem}.bil.hdr", counts, data, shutter=shutter, gain=1.0, ceiling=4095
        )
    return folder


def hyspex(folder: Path, bench: Bench) -> Path:
    """A folder of a HySpex camera, whose files hold the dark reference themselves."""
    for stem, reflectance, exposure in (
        ("ore_VNIR_1800_SN00840_raw", bench.reflectance, 5000),
        ("white_VNIR_1800_SN00840_raw", 1.0, 2500),
    ):
        counts = bench.counts(reflectance, exposure / 1000)
        head = bytearray(2181)
        head[:6] = b"HYSPEX"
        struct.pack_into("<2I", head, 1961, BANDS, COLUMNS)
        struct.pack_into("<I", head, 1977, exposure)
        struct.pack_into("<I", head, 2009, 1)
        tables = np.zeros(2 * BANDS + COLUMNS * BANDS)
        prefix = bytes(head) + tables.tobytes() + bench.bias.T.astype("<f8").tobytes()
        struct.pack_into("<i", head, 8, len(prefix))
        data = folder / f"{stem}.hyspex"
        write_envi(folder / f"{stem}.hdr", counts, data, prefix=prefix)
    return folder
