"""Layers of the open scene that can be exported as images, and the contents of each file."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from msgspec import Struct

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.display.layer_values import layer_values
from hsi_viewer.core.display.layers import (
    CLASS_MAP,
    GROUND_TRUTH,
    IMAGE,
    LABELS,
    Layer,
    LayerStack,
)
from hsi_viewer.core.labels.classes import ClassLegend
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.text import one_line
from hsi_viewer.jobs.export_layers import LayerImage, colour_cube, value_cube
from hsi_viewer.rendering.cube_raster import CubeRaster
from hsi_viewer.session.document.document import Document
from hsi_viewer.ui.features.exporting.export_dialog import OLD_MAP

CONFIDENCE, PROBABILITIES = "Confidence", "Probabilities"
KINDS = {"classes": "class ids with names and colours", "mask": "1 inside, 0 outside"}


class LayerChoice(Struct, frozen=True, eq=False):
    """A layer that the user may choose.

    Attributes
    ----------
    title : as the user reads it; names the file, too.
    about : what the file will contain.
    make : makes what is written; called in a worker.
    shown : whether it is suggested, because it is on the screen now.
    reason : why it cannot be exported, or "".
    """

    title: str
    about: str
    make: Callable[[], LayerImage]
    shown: bool = False
    reason: str = ""


def layer_choices(
    document: Document, layers: LayerStack, images: tuple[HyperCube, ...]
) -> list[LayerChoice]:
    """Layers of the scene from top to bottom, what the map has beside them, derived images.

    Parameters
    ----------
    document : the open one.
    layers : over the scene.
    images : derived of the scene.
    """
    found = [
        choice
        for layer in reversed(layers.layers)
        if layer.raster is not None and (layer.name != LABELS or document.labels.present())
        for choice in _of_layer(document, layer)
    ]
    return [*found, *(_of_derived(image) for image in images)]


def _of_layer(document: Document, layer: Layer) -> list[LayerChoice]:
    cube, title, raster = document.cube, layer.name, layer.raster
    if raster is None:
        return []
    if title == IMAGE:
        colours = partial(colour_cube, raster, cube, f"{cube.name} in colours")
        return [
            LayerChoice(
                "Picture",
                "red, green and blue as on the screen, without layers",
                lambda: LayerImage("Picture", colours()),
            )
        ]
    known = layer_values(layer)
    name = one_line(layer.bar.title if layer.bar is not None else title)
    if isinstance(raster, CubeRaster) and len(raster.bands) == 1:  # a kept band or index
        numbers = partial(_band, raster, name, cube, title)
        return [LayerChoice(title, "numbers, no data as NaN", numbers, layer.visible)]
    if known is None:
        drawn = partial(colour_cube, raster, cube, title)
        return [
            LayerChoice(
                title,
                "colours as on the screen",
                lambda: LayerImage(title, drawn()),
                layer.visible,
            )
        ]
    if known.kind == "classes":
        legend = document.truth_legend if title == GROUND_TRUTH else document.legend
        legend = ClassLegend(legend.classes)  # the user may change the other one meanwhile
        labels = document.labels.snapshot() if title == LABELS else None

        def classes() -> LayerImage:
            ids = known.values if labels is None else labels.ids
            return LayerImage(f"{title} of {cube.name}", ids, legend)

        own = LayerChoice(title, KINDS["classes"], classes, layer.visible and labels is None)
        prediction = document.prediction if title == CLASS_MAP else None
        return [own] if prediction is None else [own, *_of_map(prediction, legend, cube)]
    unit = layer.bar.unit if layer.bar is not None else ""
    about = KINDS.get(known.kind, f"numbers{f' in {unit}' if unit else ''}, no data as NaN")
    values = partial(value_cube, known.values, (name,), cube, title)
    return [LayerChoice(title, about, lambda: LayerImage(title, values()), layer.visible)]


def _band(raster: CubeRaster, name: str, scene: HyperCube, title: str) -> LayerImage:
    return LayerImage(title, value_cube(raster.physical(), (name,), scene, title))


def _of_map(prediction: Prediction, legend: ClassLegend, cube: HyperCube) -> list[LayerChoice]:
    """Confidence and probabilities, which are not layers by themselves."""

    def confidence() -> LayerImage:
        values = np.where(prediction.class_map > 0, prediction.confidence, np.nan)
        image = value_cube(values.astype(np.float32), (CONFIDENCE,), cube, CONFIDENCE)
        return LayerImage(CONFIDENCE, image)

    def probabilities() -> LayerImage:
        if prediction.probabilities is None:
            raise ValueError("The probabilities are not there")
        names = [legend.name_of(i) for i in prediction.class_ids]
        image = value_cube(prediction.probabilities, names, cube, PROBABILITIES)
        return LayerImage(PROBABILITIES, image)

    lacking = OLD_MAP if prediction.probabilities is None else ""
    return [
        LayerChoice(CONFIDENCE, "probability of the mapped class, 0 to 1", confidence),
        LayerChoice(
            PROBABILITIES,
            "a band for each class, 0 to 1",
            probabilities,
            reason=lacking,
        ),
    ]


def _of_derived(image: HyperCube) -> LayerChoice:
    bands = "one band" if image.bands == 1 else f"{image.bands} bands"
    return LayerChoice(image.name, f"derived image, {bands}", lambda: LayerImage(image.name, image))
