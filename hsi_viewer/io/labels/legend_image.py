"""A class map as a picture: the map, and beside it the classes with their colours."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from hsi_viewer.core.labels.classes import UNCLASSIFIED_NAME, Colour
from hsi_viewer.core.paths import resource_path
from hsi_viewer.core.text import short_name

MIN_SIDE, MAX_SIDE = 640, 8192
MARGIN = 28
# More classes, or letters of a name, would make the legend larger than any map.
MAX_LISTED, MAX_NAME = 250, 80
INK, PAPER, EDGE = (33, 37, 41), (255, 255, 255), (173, 181, 189)


@lru_cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, which knows most alphabets."""
    return ImageFont.truetype(str(resource_path("fonts", "DejaVuSans.ttf")), size)


def coloured(ids: NDArray[np.uint16], colours: dict[int, Colour]) -> NDArray[np.uint8]:
    """Map in colours, (rows, columns, 3); ids without a colour are black."""
    table = np.zeros((65536, 3), np.uint8)
    for class_id, colour in colours.items():
        table[class_id] = colour
    picture: NDArray[np.uint8] = table[ids]
    return picture


def class_picture(
    ids: NDArray[np.uint16], entries: list[tuple[int, str, Colour]], title: str
) -> tuple[Image.Image, tuple[float, float]]:
    """The map with its legend.

    Small maps are enlarged by a whole factor, so that a pixel stays a square of one colour.

    Parameters
    ----------
    ids : (rows, columns) class ids.
    entries : id, name and colour of each class, in the order of the legend.
    title : one line over the legend.

    Returns
    -------
    picture, (wide, high) : and how many of its pixels a pixel of the map is wide and high; the
        map begins `MARGIN` pixels from its upper left corner.
    """
    picture = Image.fromarray(coloured(ids, {i: colour for i, _, colour in entries}))
    factor = max(1, MIN_SIDE // max(picture.size))
    shrink = max(1, -(-max(picture.size) // MAX_SIDE))
    size = (max(1, picture.width * factor // shrink), max(1, picture.height * factor // shrink))
    picture = picture.resize(size, Image.Resampling.NEAREST)
    rows = [(short_name(name, MAX_NAME), colour) for _, name, colour in entries]
    if len(rows) > MAX_LISTED:
        rows = [*rows[:MAX_LISTED], (f"and {len(rows) - MAX_LISTED} more", PAPER)]
    if (ids == 0).any():
        rows.append((UNCLASSIFIED_NAME, (0, 0, 0)))
    legend = _legend(rows, title, picture.height)
    canvas = Image.new(
        "RGB",
        (
            picture.width + legend.width + 3 * MARGIN,
            max(picture.height, legend.height) + 2 * MARGIN,
        ),
        PAPER,
    )
    canvas.paste(picture, (MARGIN, MARGIN))
    frame = (MARGIN - 1, MARGIN - 1, MARGIN + picture.width, MARGIN + picture.height)
    ImageDraw.Draw(canvas).rectangle(frame, outline=EDGE)
    canvas.paste(legend, (picture.width + 2 * MARGIN, MARGIN))
    return canvas, (picture.width / ids.shape[1], picture.height / ids.shape[0])


def _legend(rows: list[tuple[str, Colour]], title: str, height: int) -> Image.Image:
    """Title and swatches, in as many columns as the height asks for."""
    size = int(np.clip(height / 34, 15, 44))
    text, heading = _font(size), _font(round(size * 1.15))
    line, swatch = round(size * 1.7), round(size * 1.1)
    top = round(line * 1.4) if title else 0
    per_column = max(1, (height - top) // line)
    blocks = [rows[i : i + per_column] for i in range(0, len(rows), per_column)]
    widths = [
        swatch + size // 2 + max(round(text.getlength(name)) for name, _ in block) + size
        for block in blocks
    ]
    title_width = round(heading.getlength(title)) if title else 0
    deepest = max((len(block) for block in blocks), default=0)
    shape = (max(sum(widths), title_width, 1), max(top + deepest * line, 1))
    image = Image.new("RGB", shape, PAPER)
    draw = ImageDraw.Draw(image)
    draw.text((0, 0), title, fill=INK, font=heading)
    left = 0
    for block, width in zip(blocks, widths, strict=True):
        for k, (name, colour) in enumerate(block):
            y = top + k * line
            draw.rectangle((left, y, left + swatch, y + swatch), fill=colour, outline=EDGE)
            position = (left + swatch + size // 2, y + swatch / 2)
            draw.text(position, name, fill=INK, font=text, anchor="lm")
        left += width
    return image
