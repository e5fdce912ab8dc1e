"""SVG drawings of Qt made plain: lines in the units of the drawing, cut where the plot ends.

Qt writes the curves of a plot in the units of its data, with lines that are not to be scaled with
them (`vector-effect`), and leaves out the clipping. Many programs scale the lines all the same: a
curve over hundreds of nanometres becomes a black area.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPolygonF, QTransform

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
POINT = re.compile(r"([-+.\deE]+),([-+.\deE]+)")
CLIP = "plot"


def plain_lines(svg: bytes, plot: QRectF) -> bytes:
    """The same drawing, of which every program draws the same.

    Parameters
    ----------
    svg : as QSvgGenerator writes it.
    plot : what is in the units of data is cut at its edges.
    """
    ET.register_namespace("", SVG)
    ET.register_namespace("xlink", XLINK)
    root = ET.fromstring(svg)  # noqa: S314 - our own
    groups = [g for g in root.iter(f"{{{SVG}}}g") if "transform" in g.attrib]
    for group in groups:
        to_page = _transform(group.attrib["transform"])
        unscaled = list(_unscaled(group))
        for shape in unscaled:
            around = _redraw(shape, to_page)
            if not _keeps_size(to_page) and not plot.contains(around):
                shape.set("clip-path", f"url(#{CLIP})")
        if len(unscaled) == len(group):
            group.set("transform", _matrix(QTransform()))
        else:
            for shape in unscaled:
                shape.set("transform", _matrix(to_page.inverted()[0]))
    root.insert(0, _clip(plot))
    drawing: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return drawing


def _unscaled(group: ET.Element) -> Iterator[ET.Element]:
    """Shapes of a group whose lines are as wide as in the units of the drawing."""
    for shape in group:
        if shape.get("vector-effect") == "non-scaling-stroke":
            yield shape


def _redraw(shape: ET.Element, to_page: QTransform) -> QRectF:
    """Write a shape in the units of the drawing; the rectangle around it."""
    points = QPolygonF()

    def moved(found: re.Match[str]) -> str:
        points.append(to_page.map(QPointF(float(found[1]), float(found[2]))))
        return f"{points.last().x():.6g},{points.last().y():.6g}"

    del shape.attrib["vector-effect"]
    if shape.tag == f"{{{SVG}}}rect":
        x, y, width, height = (float(shape.attrib.pop(n)) for n in ("x", "y", "width", "height"))
        right, bottom = x + width, y + height
        shape.tag = f"{{{SVG}}}path"
        shape.set("d", f"M{x},{y} L{right},{y} L{right},{bottom} L{x},{bottom} Z")
    name = "d" if shape.tag == f"{{{SVG}}}path" else "points"
    shape.set(name, POINT.sub(moved, shape.attrib[name]))
    return points.boundingRect()


def _keeps_size(transform: QTransform) -> bool:
    """Whether lengths are those of the drawing: of axes and texts, which are not cut."""
    lengths = (transform.m11(), transform.m12(), transform.m21(), transform.m22())
    return all(abs(value) in (0.0, 1.0) for value in lengths)


def _transform(text: str) -> QTransform:
    values = [float(n) for n in text.removeprefix("matrix(").removesuffix(")").split(",")]
    return QTransform(*values)


def _matrix(transform: QTransform) -> str:
    m = transform
    values = (m.m11(), m.m12(), m.m21(), m.m22(), m.dx(), m.dy())
    return f"matrix({','.join(repr(v) for v in values)})"


def _clip(plot: QRectF) -> ET.Element:
    definitions = ET.Element(f"{{{SVG}}}defs")
    clip = ET.SubElement(definitions, f"{{{SVG}}}clipPath", {"id": CLIP})
    sides = {"x": plot.x(), "y": plot.y(), "width": plot.width(), "height": plot.height()}
    ET.SubElement(clip, f"{{{SVG}}}rect", {name: f"{v:.6g}" for name, v in sides.items()})
    return definitions
