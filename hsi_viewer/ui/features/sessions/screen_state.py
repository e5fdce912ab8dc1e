"""The state of the screen as JSON values for a session, and back."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from hsi_viewer.core.display.composite import Composite
from hsi_viewer.core.display.contrast import Contrast, ContrastKind
from hsi_viewer.core.display.stretch import Limits
from hsi_viewer.core.spectra.curves import Curve
from hsi_viewer.ui.plots.colour_maps import colour_map

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context

KINDS = ("pin", "region", "library")  # those of classes follow from the labels


def screen_state(context: Context) -> dict[str, Any]:
    """Bands, stretch, layers, view and kept spectra."""
    picture = context.viewing.picture
    if picture is None:
        return {}
    box, composite = context.canvas.view_box(), picture.composite
    return {
        "bands": list(composite.bands),
        "contrast": asdict(composite.contrast),
        "colours": composite.colours.name if composite.colours is not None else None,
        "image": composite.image.name if composite.image is not None else None,
        "zoom": None if box is None else [float(v) for v in box],
        "layers": [
            {"name": layer.name, "visible": layer.visible, "opacity": layer.opacity}
            for layer in context.viewing.layers.layers
        ],
        "pins": [_curve_to_json(c) for c in context.plot.curves.curves if c.kind in KINDS],
    }


def _curve_to_json(curve: Curve) -> dict[str, Any]:
    return {
        "name": curve.name,
        "kind": curve.kind,
        "colour": curve.colour,
        "position": curve.position,
        "visible": curve.visible,
        "values": [None if np.isnan(v) else float(v) for v in curve.values],
    }


def restore_screen(context: Context, state: dict[str, Any]) -> list[str]:
    """Restore the screen of a session; parts that do not fit the cube are left out.

    Returns
    -------
    list of str
        what was left out.
    """
    left_out = []
    for part, restore in PARTS.items():
        if part not in state:
            continue
        try:
            restore(context, state)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            left_out.append(WORDS[part])
    return left_out


def _restore_bands(context: Context, state: dict[str, Any]) -> None:
    bands, document = tuple(int(b) for b in state["bands"]), context.workspace.document
    if state.get("image") is not None or document is None:
        raise ValueError("components and indices are recomputed")
    if len(bands) not in (1, 3) or not all(0 <= b < document.cube.bands for b in bands):
        raise ValueError("bands the cube doesn't have")
    colours = state.get("colours")
    context.viewing.show_composite(
        Composite(
            bands, _contrast(state.get("contrast", {})), colour_map(colours) if colours else None
        )
    )


def _contrast(stored: dict[str, Any]) -> Contrast:
    low, high = (float(v) for v in stored.get("percent", (2.0, 98.0)))
    limits = tuple(Limits(float(v["low"]), float(v["high"])) for v in stored.get("limits", ()))
    kind = stored.get("kind", "percentile")
    if kind not in get_args(ContrastKind) or not 0 <= low < high <= 100:
        raise ValueError("no contrast")
    return Contrast(kind, (low, high), limits, bool(stored.get("linked", False)))


def _restore_layers(context: Context, state: dict[str, Any]) -> None:
    layers = context.viewing.layers
    for stored in state["layers"]:
        if stored["name"] in layers:
            layers.show(bool(stored["visible"]), stored["name"])
            layers.set_opacity(min(max(float(stored["opacity"]), 0.0), 1.0), stored["name"])


def _restore_zoom(context: Context, state: dict[str, Any]) -> None:
    box = state["zoom"]
    if box is None:
        context.canvas.set_view_box(None)
        return
    left, top, width, height = (float(v) for v in box)
    if not (np.isfinite([left, top, width, height]).all() and width > 0 and height > 0):
        raise ValueError("no box")
    context.canvas.set_view_box((left, top, width, height))


def _restore_pins(context: Context, state: dict[str, Any]) -> None:
    document = context.workspace.document
    curves = [_curve_from_json(stored) for stored in state["pins"]]
    if document is None or any(c.values.size != document.cube.bands for c in curves):
        raise ValueError("spectra of other bands")
    for kind in KINDS:
        context.plot.curves.put(kind, [c for c in curves if c.kind == kind])  # type: ignore[arg-type]


def _curve_from_json(stored: dict[str, Any]) -> Curve:
    values = np.array([np.nan if v is None else float(v) for v in stored["values"]])
    position, colour = stored.get("position"), stored.get("colour")
    if stored["kind"] not in KINDS:
        raise ValueError("no kind of spectrum")
    return Curve(
        str(stored["name"]),
        values,
        stored["kind"],
        None if colour is None else (int(colour[0]), int(colour[1]), int(colour[2])),
        None if position is None else (int(position[0]), int(position[1])),
        visible=bool(stored.get("visible", True)),
    )


PARTS = {
    "bands": _restore_bands,
    "layers": _restore_layers,
    "pins": _restore_pins,
    "zoom": _restore_zoom,
}
WORDS = {"bands": "the image", "layers": "layers", "pins": "pinned spectra", "zoom": "zoom"}
