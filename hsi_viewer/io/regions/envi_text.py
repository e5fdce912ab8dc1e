"""ENVI regions of interest as the text that ENVI Classic exports.

The layout is that of files which ENVI writes; it has no published specification.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.atomic import replacing
from hsi_viewer.core.errors import ExportError, FormatError
from hsi_viewer.core.labels.classes import ClassLegend, Colour, palette_colour
from hsi_viewer.core.labels.imported_labels import ImportedLabels
from hsi_viewer.core.labels.placement import Placement
from hsi_viewer.io.files.text_file import text_of
from hsi_viewer.io.labels.legend_file import colour_of
from hsi_viewer.io.regions.grid import PIXELS, Grid
from hsi_viewer.io.regions.listed_pixels import Pair, Pixels, place_pixels
from hsi_viewer.io.regions.shapes import numbered

TITLE = "; ENVI Output of ROIs"
COLUMNS = frozenset(("id", "x", "y", "addr", "lat", "lon", "mapx", "mapy"))


@dataclass
class Region:
    """Header lines of a region, and its rows of numbers."""

    name: str
    colour: Colour | None = None
    points: int | None = None
    rows: list[list[float]] = field(default_factory=list)

    def is_full(self, row: list[float], columns: tuple[str, ...]) -> bool:
        """Whether a row belongs to the next region: by the number of points, else as ID 1."""
        if self.points is not None:
            return len(self.rows) >= self.points
        return bool(self.rows) and columns[:1] == ("id",) and row[0] == 1


@dataclass
class Listing:
    """A text as far as it was read: regions, columns of their rows, (rows, columns) drawn on."""

    path: Path
    regions: list[Region] = field(default_factory=list)
    columns: tuple[str, ...] = ("id", "x", "y")
    size: tuple[int, int] | None = None
    filled: int = 0  # region that the next row goes to

    def take_comment(self, words: str) -> None:
        """A line that begins with a semicolon."""
        key, _, value = words.lstrip("; ").partition(":")
        match key.strip().casefold():
            case "roi name":
                self.regions.append(Region(value.strip() or f"Region {len(self.regions) + 1}"))
            case "roi rgb value" if self.regions:
                self.regions[-1].colour = colour_of(value)
            case "roi npts" if self.regions:
                self.regions[-1].points = int(value) if value.strip().isdigit() else None
            case "file dimension":
                found = re.findall(r"\d+", value)
                self.size = (int(found[1]), int(found[0])) if len(found) == 2 else None
            case _:
                joined = re.sub(r"map\s+([xy])\b", r"map\1", words.lstrip("; ").casefold())
                names = tuple(joined.split())
                self.columns = names if names and names[0] in COLUMNS else self.columns

    def take_row(self, number: int, words: str) -> None:
        """A line of numbers."""
        try:
            row = [float(word) for word in words.replace(",", " ").split()[: len(self.columns)]]
        except ValueError:
            row = []
        if len(row) < min(3, len(self.columns)):
            raise FormatError(
                f'{self.path}, line {number}: "{words[:40]}" is not a row of a region.'
            )
        while self.filled < len(self.regions):
            if not self.regions[self.filled].is_full(row, self.columns):
                self.regions[self.filled].rows.append(row)
                return
            self.filled += 1
        raise FormatError(
            f"{self.path}, line {number}: more pixels are listed than the regions have."
        )

    def pair(self, x: str, y: str) -> Pair | None:
        """Two columns of all rows, if there are such columns."""
        if x not in self.columns or y not in self.columns:
            return None
        i, j = self.columns.index(x), self.columns.index(y)
        try:
            rows = [(row[i], row[j]) for region in self.regions for row in region.rows]
        except IndexError:
            raise FormatError(f"{self.path}: some rows are shorter than the header line.") from None
        values = np.array(rows, np.float64)
        return values[:, 0], values[:, 1]


def is_envi_text(head: bytes) -> bool:
    """Whether a file begins like ENVI's text of regions."""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b";") and b"ROI" in head


def read_text(path: Path, grid: Grid, placement: Placement | None) -> ImportedLabels:
    """Labels of the pixels that a text of ENVI Classic lists.

    X and Y count from 1; from 0 where a 0 occurs.

    Raises
    ------
    FileError, FormatError
        if it cannot be read or lists no pixel.
    PlacementNeededError, LabelError
        if the pixels cannot be placed on the cube.
    """
    listing = Listing(path)
    for number, line in enumerate(text_of(path).splitlines(), 1):
        if words := line.strip():
            if words.startswith(";"):
                listing.take_comment(words)
            else:
                listing.take_row(number, words)
    filled = [region for region in listing.regions if region.rows]
    if not filled:
        raise FormatError(f"{path} contains no pixels in any region.")
    colours: dict[int | str, Colour] = {r.name: r.colour for r in filled if r.colour is not None}
    ids, names, by_id = numbered([r.name for r in filled], colours)
    sizes = [len(region.rows) for region in filled]
    pixels = listing.pair("x", "y")
    if pixels is None and listing.size is not None:
        addresses = listing.pair("addr", "addr")
        if addresses is not None:
            rows, columns = np.divmod(addresses[0], listing.size[1])
            pixels = columns + 1, rows + 1
    at = None
    if pixels is not None:
        first = 0 if min(pixels[0].min(), pixels[1].min()) < 1 else 1
        at = pixels[1] - first + 0.5, pixels[0] - first + 0.5
    listed = Pixels(
        path.name,
        np.repeat(np.array(ids, np.uint16), sizes),
        at,
        listing.pair("mapx", "mapy"),
        listing.pair("lon", "lat"),
        listing.size,
        names,
        by_id,
    )
    return place_pixels(listed, grid, placement)


def write_text(path: Path, ids: NDArray[np.uint16], legend: ClassLegend, grid: Grid) -> None:
    """Write the labelled pixels as ENVI Classic lists them; rows and columns count from 1.

    Raises
    ------
    ExportError
        if nothing is labelled or the file cannot be written.
    """
    present = present_in(path, ids)
    lines = [
        f"{TITLE} (HSI Viewer)",
        f"; Number of ROIs: {len(present)}",
        f"; File Dimension: {grid.columns} x {grid.rows}",
    ]
    for class_id in present:
        red, green, blue = colour_in(legend, class_id)
        lines += [
            ";",
            f"; ROI name: {legend.name_of(class_id)}",
            f"; ROI rgb value: {{{red}, {green}, {blue}}}",
            f"; ROI npts: {int(np.sum(ids == class_id))}",
        ]
    mapped = grid.transform is not None
    lines.append(";   ID     X     Y" + ("          MapX          MapY" if mapped else ""))
    a, b, c, d, e, f = grid.transform or PIXELS
    for class_id in present:
        rows, columns = np.nonzero(ids == class_id)
        x, y = columns + 0.5, rows + 0.5
        for k, (row, column, i, j) in enumerate(zip(rows, columns, y, x, strict=True), 1):
            line = f"{k:6d} {column + 1:5d} {row + 1:5d}"
            if mapped:
                line += f" {float(a * j + b * i + c)!r:>13} {float(d * j + e * i + f)!r:>13}"
            lines.append(line)
        lines.append("")
    with replacing(path) as (new,):
        new.write_text("\n".join(lines) + "\n", encoding="utf-8")


def present_in(path: Path, ids: NDArray[np.uint16]) -> list[int]:
    """Ids that occur; an error where there is none."""
    present = [int(i) for i in np.unique(ids) if i]
    if not present:
        raise ExportError(f"{path}: no pixel is labelled, so there is nothing to write.")
    return present


def colour_in(legend: ClassLegend, class_id: int) -> Colour:
    """Colour of a class, of the palette where the legend lacks it."""
    return legend[class_id].colour if class_id in legend else palette_colour(class_id - 1)
