"""The picture: which bands and contrast are shown, by panels, keys, and lines in the plot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Slot

from hsi_viewer.core.cube.band_selection import PRESETS, BandPreset
from hsi_viewer.core.display.composite import Composite
from hsi_viewer.core.display.contrast import Contrast, ContrastKind
from hsi_viewer.core.display.layers import Layer
from hsi_viewer.core.errors import HsiError
from hsi_viewer.preferences.view_memory import contrast_from_json, contrast_to_json
from hsi_viewer.rendering.cube_raster import CubeRaster
from hsi_viewer.rendering.scene_picture import ScenePicture
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.display.band_player import BandPlayer, next_good_band
from hsi_viewer.ui.features.panel_feature import PanelFeature
from hsi_viewer.ui.plots.colour_maps import NAMES, colour_map
from hsi_viewer.ui.widgets.preset_editor import PresetEditor

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context
    from hsi_viewer.ui.features.display.viewing import ViewController
    from hsi_viewer.ui.widgets.contrast_panel import ContrastPanel
    from hsi_viewer.ui.widgets.display_panel import DisplayPanel

IMAGE = "&Image"


class PictureFeature(PanelFeature["ContrastPanel"]):
    """Binds the Display and Contrast panels, and the lines in the plot, to the picture."""

    key, dock, title, icon = "picture", "contrast", "Contrast", "chart-histogram"
    beside, shown = "display", True

    def __init__(self, context: Context, view: ViewController, panel: DisplayPanel) -> None:
        super().__init__(context)
        self.display, self.pictures = panel, view.pictures
        self.player = BandPlayer(self.pictures, view.tiles, self)
        display = panel
        display.show_colour_maps(NAMES)
        display.bands_changed.connect(self._on_bands)
        display.image_chosen.connect(self.pictures.show_image)
        display.colours_chosen.connect(self.pictures.set_colours)
        display.stretch_chosen.connect(self._on_stretch)
        display.play_toggled.connect(self.player.play)
        display.speed_changed.connect(self.player.set_speed)
        display.presets_requested.connect(self.edit_presets)
        display.contrast_requested.connect(self.show_contrast)
        context.plot.bands_dragged.connect(self._on_dragged)
        self.player.playing_changed.connect(display.show_playing)
        self.player.playing_changed.connect(self._on_playing)
        self.pictures.requested.connect(self._on_requested)
        self.pictures.drawn.connect(self._on_drawn)
        self.pictures.images_changed.connect(self._on_images)
        self.workspace.document_changed.connect(self.player.stop)
        self.workspace.preferences_changed.connect(self.pictures.take_preferences)

    def make_panel(self) -> ContrastPanel:
        """The panel, connected."""
        from hsi_viewer.ui.widgets.contrast_panel import ContrastPanel

        panel = ContrastPanel()
        panel.contrast_changed.connect(self._on_contrast)
        return panel

    def close(self) -> None:
        """Write down how cubes were looked at."""
        self.player.stop()
        self.pictures.save()

    # commands --------------------------------------------------------------------------------

    def _without_bands(self) -> str | None:
        """Why a preset of wavelengths cannot be shown; None without a scene."""
        picture = self.pictures.picture
        if picture is None:
            return None
        if picture.cube.wavelengths is None:
            return "The wavelengths of this scene aren't known."
        return "The scene doesn't cover these wavelengths."

    def commands(self) -> list[Command]:
        """Presets, single bands, playing, contrast."""

        def has_picture() -> bool:
            return self.pictures.picture is not None

        def several_bands() -> bool:
            picture = self.pictures.picture
            return picture is not None and picture.cube.bands > 1

        presets = [
            Command(
                f"image.preset.{number}",
                preset.name,
                IMAGE,
                lambda name=preset.name: self.show_preset(name),
                (f"Ctrl+{number}",),
                enabled=lambda name=preset.name: name in self.pictures.presets(),  # type: ignore[misc]
                disabled_reason=self._without_bands,
            )
            for number, preset in enumerate(PRESETS, 1)
        ]
        return [
            *presets,
            Command(
                "image.presets",
                "&Edit band presets…",
                IMAGE,
                self.edit_presets,
                enabled=has_picture,
            ),
            Command(
                "image.single",
                "&Single band",
                IMAGE,
                self.show_single,
                ("Ctrl+4",),
                enabled=has_picture,
                checked=lambda: self.single,
            ),
            Command(
                "image.next", "&Next band", IMAGE, self.next_band, ("PgDown",), "", several_bands
            ),
            Command(
                "image.previous",
                "P&revious band",
                IMAGE,
                self.previous_band,
                ("PgUp",),
                "",
                several_bands,
            ),
            Command(
                "image.play",
                "&Play through the bands",
                IMAGE,
                self.play,
                ("Ctrl+Space",),
                "play",
                several_bands,
                checked=lambda: self.player.playing,
            ),
            Command(
                "image.contrast",
                "&Contrast…",
                IMAGE,
                self.show_contrast,
                (),
                "chart-histogram",
                self.has_scene,
            ),
            Command(
                "image.keep",
                "&Keep this image as a layer",
                IMAGE,
                self.keep_as_layer,
                (),
                "layers-plus",
                has_picture,
            ),
        ]

    @Slot()
    def show_contrast(self) -> None:
        """Bring the Contrast panel to the front."""
        self.open()

    def show_preset(self, name: str) -> None:
        """Show the bands of a preset."""
        self.player.stop()
        self.pictures.show_bands(self.pictures.presets()[name])

    @property
    def single(self) -> bool:
        """Whether a single band is requested."""
        composite = self.pictures.composite
        return composite is not None and len(composite.bands) == 1

    def show_single(self, single: bool) -> None:
        """Show the red band alone, or three bands again."""
        composite = self.pictures.composite
        if composite is not None and single != self.single:
            triple = self.display.triple
            self.pictures.show_bands(composite.bands[:1] if single else triple)

    @Slot()
    def next_band(self) -> None:
        """Show the next good band alone."""
        self._step(forward=True)

    @Slot()
    def previous_band(self) -> None:
        """Show the good band before alone."""
        self._step(forward=False)

    def _step(self, *, forward: bool) -> None:
        picture, composite = self.pictures.picture, self.pictures.composite
        if picture is not None and composite is not None:
            self.player.stop()
            cube = composite.of(picture.cube) if composite.image is None else composite.image
            self.pictures.show_bands((next_good_band(cube, composite.bands[0], forward=forward),))

    def play(self, playing: bool) -> None:
        """Play through the good bands, or stop."""
        if playing:
            self.show_single(True)
        self.player.play(playing)

    @Slot()
    def keep_as_layer(self) -> None:
        """Lay what is shown over the scene as a layer, to compare other pictures with it."""
        picture = self.pictures.picture
        if picture is not None:
            shown, raster = picture.composite, picture.raster
            if len(shown.bands) == 1:  # its numbers are kept, not only its colours
                colours = shown.colours.table if shown.colours is not None else None
                raster = CubeRaster(picture.cube, shown.bands, picture.transfers, colours)
            self.context.viewing.layers.add(
                Layer(
                    self.pictures.title(shown),
                    raster,
                    removable=True,
                    about="A kept image",
                    coded=len(shown.bands) == 1,
                    bar=self.pictures.bar(picture),
                )
            )

    # presets ---------------------------------------------------------------------------------

    @Slot()
    def edit_presets(self) -> None:
        """Open the editor of band presets."""
        picture = self.pictures.picture
        if picture is None:
            return
        nm = picture.cube.wavelengths
        shown = None
        if nm is not None:
            red, green, blue = nm[list(picture.bands)].round(1).tolist()
            shown = (red, green, blue)
        own = [BandPreset(n, (r, g, b)) for n, r, g, b in self.workspace.settings.band_presets]
        editor = PresetEditor(tuple(own), shown, self.window)
        editor.saved.connect(self._on_presets)
        editor.open()

    @Slot(object)
    def _on_presets(self, presets: tuple[BandPreset, ...]) -> None:
        self.workspace.settings.band_presets = [[p.name, *p.wavelengths] for p in presets]
        if self.pictures.composite is not None:
            self._on_requested(self.pictures.composite)

    # reactions -------------------------------------------------------------------------------

    @Slot(object)
    def _on_bands(self, bands: tuple[int, ...]) -> None:
        self.player.stop()
        self.pictures.show_bands(bands)

    @Slot(object)
    def _on_dragged(self, bands: tuple[int, ...]) -> None:
        self.player.stop()
        self.pictures.show_bands(bands, quiet=True)

    @Slot(str)
    def _on_stretch(self, kind: ContrastKind) -> None:
        composite, picture = self.pictures.composite, self.pictures.picture
        if composite is None or picture is None:
            return
        if kind == "typed":
            self.show_contrast()
        self.pictures.set_contrast(self.panel.contrast_of_kind(kind))

    @Slot(object, bool)
    def _on_contrast(self, contrast: Contrast, dragging: bool) -> None:
        self.pictures.set_contrast(contrast, quiet=dragging)

    @Slot(bool)
    def _on_playing(self, _playing: bool) -> None:
        self.workspace.state_changed.emit()

    @Slot(object)
    def _on_requested(self, composite: Composite) -> None:
        document = self.workspace.document
        if document is not None:
            cube = composite.of(document.cube)
            self.display.show_composite(composite, cube, self.pictures.presets())

    @Slot(object)
    def _on_drawn(self, picture: ScenePicture) -> None:
        self.display.show_composite(picture.composite, picture.cube, self.pictures.presets())
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show the contrast and the histograms of the picture."""
        picture = self.pictures.picture
        if picture is not None and self.is_made:
            self.panel.show_contrast(
                picture.composite.contrast, picture.transfers, picture.samples, picture.cube.scale
            )

    @Slot()
    def _on_images(self) -> None:
        self.display.show_images([i.name for i in self.pictures.images])

    # sessions --------------------------------------------------------------------------------

    def session_state(self) -> dict[str, Any]:
        """Bands, colours and contrast of the scene."""
        composite = self.pictures.composite
        if composite is None or composite.image is not None:
            return {}
        return {
            "bands": list(composite.bands),
            "colours": composite.colours.name if composite.colours is not None else "",
            "contrast": contrast_to_json(composite.contrast),
        }

    def restore_session_state(self, state: dict[str, Any]) -> None:
        """Show the bands that were shown when the session was saved."""
        document = self.workspace.document
        try:
            bands = tuple(int(b) for b in state["bands"])
            contrast = contrast_from_json(state["contrast"])
            colours = colour_map(str(state["colours"])) if len(bands) == 1 else None
        except (KeyError, TypeError, ValueError, HsiError):
            return
        fits = document is not None and all(0 <= b < document.cube.bands for b in bands)
        if fits and len(bands) in (1, 3):
            self.pictures.show(Composite(bands, contrast, colours))
