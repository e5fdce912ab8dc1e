"""The tools in the order of their bar: words, key, icon, and which options they have."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class ToolSpec(Struct, frozen=True):
    """Description of a tool in the window.

    Attributes
    ----------
    title : with "&" before the menu's access key.
    hint : what to do with it, for the row above the image.
    options : names of the groups of options that it has.
    """

    name: ToolName
    title: str
    key: str
    icon: str
    hint: str
    options: tuple[str, ...] = ()


TOOLS = (
    ToolSpec("navigate", "&Navigate", "N", "cursor-move", ""),
    ToolSpec(
        "select",
        "Select re&gions",
        "V",
        "cursor-default-outline",
        "Click selects a region, Shift adds; drag moves, Ctrl+drag copies; Delete removes.",
    ),
    ToolSpec(
        "point",
        "Single pi&xel",
        "D",
        "cursor-default-click-outline",
        "Click labels one pixel.",
        ("mode",),
    ),
    ToolSpec(
        "brush",
        "&Brush",
        "B",
        "brush",
        "Drag paints; Shift+click draws a straight line from the last stroke.",
        ("mode", "size", "shape"),
    ),
    ToolSpec("eraser", "&Eraser", "E", "eraser", "Drag removes labels.", ("size", "shape")),
    ToolSpec(
        "line",
        "Li&ne",
        "K",
        "vector-line",
        "Drag from end to end; Shift snaps to 45°.",
        ("mode", "size"),
    ),
    ToolSpec(
        "rectangle",
        "&Rectangle",
        "R",
        "rectangle-outline",
        "Drag from corner to corner; Shift makes a square.",
        ("mode",),
    ),
    ToolSpec(
        "ellipse",
        "Ellip&se",
        "C",
        "ellipse-outline",
        "Drag from corner to corner; Shift makes a circle.",
        ("mode",),
    ),
    ToolSpec(
        "polygon",
        "&Polygon",
        "G",
        "vector-polygon",
        "Click vertices; Enter or double-click closes, Backspace removes the last.",
        ("mode", "smooth"),
    ),
    ToolSpec(
        "lasso",
        "Lass&o",
        "F",
        "lasso",
        "Draw around pixels; releasing closes the outline.",
        ("mode", "smooth"),
    ),
    ToolSpec(
        "fill",
        "&Fill",
        "Q",
        "format-color-fill",
        "Click fills the connected region around the pixel.",
        ("mode", "fill"),
    ),
    ToolSpec(
        "wand",
        "Spectral &wand",
        "W",
        "magic-staff",
        "Click, drag for the tolerance; click again or Enter labels.",
        ("mode", "wand"),
    ),
    ToolSpec(
        "superpixel",
        "S&uperpixels",
        "S",
        "hexagon-multiple-outline",
        "Click or drag labels whole superpixels.",
        ("mode", "segment"),
    ),
)


ToolName = Literal[
    "navigate",
    "select",
    "point",
    "brush",
    "eraser",
    "line",
    "rectangle",
    "ellipse",
    "polygon",
    "lasso",
    "fill",
    "wand",
    "superpixel",
]
