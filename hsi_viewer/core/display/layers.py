"""Layers over the scene: what lies over what, which are visible, and how transparent they are."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace
from psygnal import Signal

from hsi_viewer.core.display.colour_bar import ColourBar
from hsi_viewer.core.display.rasters import Raster
from hsi_viewer.core.geometry.pixels import Box

IMAGE = "Image"
CLASS_MAP = "Class map"
UNCERTAINTY = "Uncertainty"
DISAGREEMENT = "Exit disagreement"
GROUND_TRUTH = "Ground truth"
LABELS = "Labels"
OUTSIDE = "Outside the region"


class Layer(Struct, frozen=True):
    """One raster of the scene.

    Attributes
    ----------
    name : unique in its stack, as the user reads it.
    raster : what it shows; None while there is nothing, e.g. no class map yet.
    visible, opacity : how it is drawn; opacity lies in 0..1.
    removable : whether the user may remove it.
    about : a sentence for the tool tip.
    coded : whether its colours have a meaning, so that the image under it is drawn in grey.
    bar : what the colours of a scalar layer mean, or None.
    """

    name: str
    raster: Raster | None = None
    visible: bool = True
    opacity: float = 1.0
    removable: bool = False
    about: str = ""
    coded: bool = False
    bar: ColourBar | None = None


class LayerStack:
    """Layers in the order in which they are drawn, the undermost first.

    Events
    ------
    changed() : a layer came, went, moved, or its visibility or opacity changed.
    redrawn(name, box) : pixels of a layer changed, in a box or (None) everywhere.
    removed(name) : a layer was removed.
    """

    changed = Signal()
    redrawn = Signal(str, object)
    removed = Signal(str)

    def __init__(self) -> None:
        self._layers: list[Layer] = []
        self._blind = False

    @property
    def layers(self) -> tuple[Layer, ...]:
        """All layers, the undermost first."""
        return tuple(map(self._seen, self._layers))

    @property
    def blind(self) -> bool:
        """Whether all layers but the image are empty for everybody who looks."""
        return self._blind

    def set_blind(self, blind: bool) -> None:
        """Hide what all layers but the image hold, however they are shown, or give it back."""
        if blind != self._blind:
            self._blind = blind
            self.changed.emit()
            for name in self.names:
                self.redrawn.emit(name, None)

    def _seen(self, layer: Layer) -> Layer:
        hidden = self._blind and layer.name != IMAGE
        return replace(layer, raster=None) if hidden else layer

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all layers, the undermost first."""
        return tuple(layer.name for layer in self._layers)

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def __getitem__(self, name: str) -> Layer:
        return self._seen(self._layers[self._index(name)])

    def add(self, layer: Layer, under: str = LABELS) -> None:
        """Put a layer right under another (on top if that one doesn't exist).

        One of the same name is replaced, where it lies.
        """
        if layer.name in self:
            self._layers[self._index(layer.name)] = layer
        else:
            index = self._index(under) if under in self else len(self._layers)
            self._layers.insert(index, layer)
        self.changed.emit()
        self.redrawn.emit(layer.name, None)

    def remove(self, name: str) -> None:
        """Remove a layer, if it exists."""
        if name in self:
            del self._layers[self._index(name)]
            self.removed.emit(name)
            self.changed.emit()

    def set_bar(self, name: str, bar: ColourBar | None) -> None:
        """Say what the colours of a layer mean."""
        self._change({name: {"bar": bar}})

    def set_raster(self, name: str, raster: Raster | None) -> None:
        """Show something else in a layer."""
        old = self._layers[self._index(name)]
        appears = (old.raster is None) != (raster is None)
        self._layers[self._index(name)] = replace(old, raster=raster)
        self.redrawn.emit(name, None)
        if appears:
            self.changed.emit()

    @property
    def image_is_grey(self) -> bool:
        """Whether the image is drawn in grey, because a layer over it has colours with a meaning.

        Colours of a map that is blended with a coloured image are those of no legend.
        """
        return any(
            la.coded and la.visible and la.raster is not None and 0 < la.opacity < 1
            for la in self.layers
        )

    def redraw(self, name: str, box: Box | None = None) -> None:
        """Announce that pixels of a layer's raster changed, in a box (top, left, bottom, right)."""
        self.redrawn.emit(name, box)

    def show(self, visible: bool, *names: str) -> None:
        """Show or hide layers."""
        self._change({name: {"visible": visible} for name in names})

    def set_opacity(self, opacity: float, *names: str) -> None:
        """Set the opacity of layers: 0 is invisible, 1 hides what lies under them."""
        self._change({name: {"opacity": min(max(opacity, 0.0), 1.0)} for name in names})

    def arrange(self, names: tuple[str, ...]) -> None:
        """Put the layers in another order, the undermost first.

        Raises
        ------
        ValueError
            if these are not the names of all layers.
        """
        if sorted(names) != sorted(self.names):
            raise ValueError(f"{names} are not the layers {self.names}")
        if names != self.names:
            self._layers = [self._layers[self._index(name)] for name in names]
            self.changed.emit()

    def _index(self, name: str) -> int:
        for index, layer in enumerate(self._layers):
            if layer.name == name:
                return index
        raise KeyError(name)

    def _change(self, wanted: dict[str, dict[str, object]]) -> None:
        before = list(self._layers)
        for name, fields in wanted.items():
            index = self._index(name)
            self._layers[index] = replace(self._layers[index], **fields)
        if self._layers != before:
            self.changed.emit()
