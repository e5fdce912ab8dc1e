"""PictureController: which bands of which image are shown, with which contrast and colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, Signal, Slot

from hsi_viewer.core.cube.band_selection import (
    BandPreset,
    Triple,
    band_name,
    described_bands,
    good_bands_near,
    matching_preset,
    presets_of,
)
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.display.colour_bar import ColourBar, bar_of_picture
from hsi_viewer.core.display.composite import ColourMap, Composite
from hsi_viewer.core.display.contrast import Contrast
from hsi_viewer.core.display.layers import IMAGE, LayerStack
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.preferences.view_memory import ViewMemory
from hsi_viewer.rendering.band_samples import Samples
from hsi_viewer.rendering.scene_picture import ScenePicture, render_scene, sharpened
from hsi_viewer.ui.plots.colour_maps import GREY, colour_map
from hsi_viewer.ui.task_thread import Task
from hsi_viewer.ui.workspace import Workspace

MAX_IMAGES = 12
SINGLE_COLOURS = "Viridis"  # of derived single bands at first


class PictureController(QObject):
    """Draws what is requested in the background; the latest request wins.

    Signals
    -------
    requested(Composite) : something else is requested; it is not drawn yet.
    drawn(ScenePicture) : a picture is on the screen.
    images_changed() : an image was derived or removed.

    Attributes
    ----------
    picture : what is on the screen, or None.
    composite : what is requested, or None without a scene.
    """

    requested = Signal(object)
    drawn = Signal(object)
    images_changed = Signal()

    def __init__(self, workspace: Workspace, layers: LayerStack, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace, self._layers = workspace, layers
        self._samples, self._memory = Samples(), ViewMemory()
        self._task: Task | None = None
        self._images: list[HyperCube] = []
        self._usual = Contrast()  # for pictures whose contrast was never chosen
        # Of which scene and of which own presets; commands ask often.
        self._presets: tuple[int, str, dict[str, Triple]] | None = None
        self._first: tuple[int, ...] = (0,)  # bands that the worker chose for the open scene
        self._unseen = False  # whether no sharp picture of the scene was drawn yet
        self.picture: ScenePicture | None = None
        self.composite: Composite | None = None

    # scene -----------------------------------------------------------------------------------

    def show_first(self, picture: ScenePicture) -> None:
        """Show the first picture of a scene that was just opened, then what is remembered."""
        self._cancel()
        self._samples.clear()
        self._images = []
        self._presets = None
        self._usual = self._default_contrast()
        self.composite, self._unseen = picture.composite, True
        self._first = picture.composite.bands
        self.images_changed.emit()
        self._on_drawn(picture)
        wanted = self._scene_composite(picture.cube)
        if wanted != picture.composite:
            self.show(wanted)
        elif picture.coarse:
            self._draw(wanted)

    def refresh(self) -> None:
        """The scene got other metadata: draw again, without bands that are bad now."""
        scene, composite = self._scene, self.composite
        if scene is None or composite is None:
            return
        if self._images:
            names = ", ".join(image.name for image in self._images)
            self._workspace.notify(f"Removed, because the metadata changed: {names}.")
        self._images, self._presets = [], None
        self.images_changed.emit()
        bands = composite.bands if composite.image is None else self._scene_composite(scene).bands
        if not all(scene.good_bands[b] for b in bands):
            bands = described_bands(scene) or good_bands_near(scene, bands)
        self.show(
            replace(composite, bands=bands, image=None, colours=self._colours_for(bands, None))
        )

    @Slot()
    def take_preferences(self) -> None:
        """Use another usual contrast; pictures whose contrast was chosen keep theirs."""
        before, self._usual = self._usual, self._default_contrast()
        if self.composite is not None and self.composite.contrast == before != self._usual:
            self.show(replace(self.composite, contrast=self._usual))
        elif self.composite is not None:
            self.requested.emit(self.composite)  # presets may have changed

    def save(self) -> None:
        """Write down how cubes were looked at."""
        self._memory.save()

    # requests ----------------------------------------------------------------------------------

    def show(self, composite: Composite, *, quiet: bool = False) -> None:
        """Draw a composite; quietly while something is dragged or played."""
        scene = self._scene
        if scene is None:
            return
        self._cancel()
        self.composite = composite
        self._note(scene, composite)
        self._draw(composite, quiet=quiet)

    def _draw(self, composite: Composite, *, quiet: bool = False) -> None:
        scene = self._scene
        if scene is None:
            return
        self._cancel()
        self.composite = composite
        self.requested.emit(composite)
        samples = self._samples

        def work(token: CancelToken, _port: ProgressPort) -> ScenePicture:
            return render_scene(scene, composite, token, samples=samples)

        self._task = self._workspace.tasks.start(
            "Drawing the image", work, quiet=quiet, urgent=True
        )
        self._task.succeeded.connect(self._on_drawn)
        self._task.failed.connect(self._on_failed)
        self._task.cancelled.connect(self._on_cancelled)

    @Slot(object)
    def show_bands(self, bands: Sequence[int], *, quiet: bool = False) -> None:
        """Show three bands, or one, of the image that is shown, with the contrast they had."""
        composite = self.composite
        if composite is not None and tuple(bands) != composite.bands:
            chosen = tuple(bands)
            colours = composite.colours or self._colours_for(chosen, composite.image)
            wanted = replace(composite, bands=chosen, colours=colours if len(chosen) == 1 else None)
            self.show(self._with_contrast(wanted), quiet=quiet)

    def set_contrast(self, contrast: Contrast, *, quiet: bool = False) -> None:
        """Stretch the picture otherwise."""
        if self.composite is not None and contrast != self.composite.contrast:
            if contrast.kind != "typed":
                self._usual = contrast
            self.show(replace(self.composite, contrast=contrast), quiet=quiet)

    @Slot(str)
    def set_colours(self, name: str) -> None:
        """Show a single band in the colour map of a name."""
        if self.composite is not None and len(self.composite.bands) == 1:
            self.show(replace(self.composite, colours=colour_map(name)))

    # derived images --------------------------------------------------------------------------

    @property
    def images(self) -> tuple[HyperCube, ...]:
        """Derived images that can be shown."""
        return tuple(self._images)

    def add_image(self, image: HyperCube) -> None:
        """Take a derived image in the place of one of its name, and show it."""
        if self._scene is None or self.composite is None:
            return
        kept = [i for i in self._images if i.name != image.name]
        self._images = [*kept, image][-MAX_IMAGES:]
        self.images_changed.emit()
        self.show_image(image.name)

    @Slot(str)
    def show_image(self, name: str) -> None:
        """Show a derived image by its name; "" shows the scene."""
        scene = self._scene
        image = next((i for i in self._images if i.name == name), None)
        if scene is None or (name and image is None):
            return
        if image is None:
            composite = self._scene_composite(scene)
        else:
            bands = (0, 1, 2) if image.bands > 2 else (0,)
            composite = Composite(bands, colours=self._colours_for(bands, image), image=image)
        self.show(self._with_contrast(composite))

    @Slot()
    def remove_image(self) -> None:
        """Remove the derived image that is shown, and show the scene."""
        if self.composite is not None and self.composite.image is not None:
            self._images = [i for i in self._images if i is not self.composite.image]
            self.images_changed.emit()
            self.show_image("")

    # presets ---------------------------------------------------------------------------------

    def presets(self) -> dict[str, Triple]:
        """Band triples by name that the image on show offers."""
        scene, composite = self._scene, self.composite
        if scene is None or composite is None:
            return {}
        if composite.image is not None:
            return {"First three": (0, 1, 2)} if composite.image.bands > 2 else {}
        own = self._workspace.settings.band_presets
        if self._presets is None or self._presets[:2] != (id(scene), repr(own)):
            presets = [BandPreset(n, (r, g, b)) for n, r, g, b in own]
            self._presets = (id(scene), repr(own), presets_of(scene, presets))
        return self._presets[2]

    def title(self, composite: Composite) -> str:
        """Name of a composite; its contrast is remembered under it."""
        image = composite.image
        if len(composite.bands) == 1:
            name = f"Band {composite.bands[0] + 1}"
        else:
            presets = self.presets() if (self.composite and self.composite.image is image) else {}
            numbers = "-".join(str(b + 1) for b in composite.bands)
            name = matching_preset(composite.triple, presets) or f"Bands {numbers}"
        if image is None:
            return name
        return image.name if image.bands == 1 else f"{image.name}: {name}"

    def bar(self, picture: ScenePicture) -> ColourBar | None:
        """The colours of a picture of a single band; None for three bands."""
        shown, cube = picture.composite, picture.cube
        if len(shown.bands) != 1:
            return None
        title = self.title(shown) if shown.image is not None else band_name(cube, shown.bands[0])
        return bar_of_picture(shown, picture.transfers, title, cube.scale, cube.offset)

    # -----------------------------------------------------------------------------------------

    @property
    def _scene(self) -> HyperCube | None:
        document = self._workspace.document
        return document.cube if document is not None else None

    def _default_contrast(self) -> Contrast:
        settings = self._workspace.settings
        low, high = settings.stretch_percent
        return Contrast(settings.stretch, (low, high))

    def _with_contrast(self, composite: Composite) -> Composite:
        """A composite with the contrast that it had last, else with the usual one."""
        scene = self._scene
        kept = self._memory.of(scene).contrasts if scene is not None else {}
        return replace(composite, contrast=kept.get(self.title(composite), self._usual))

    def _colours_for(self, bands: tuple[int, ...], image: HyperCube | None) -> ColourMap | None:
        """Colour map of a single band; that of the scene as it was last."""
        if len(bands) != 1:
            return None
        scene = self._scene
        remembered = self._memory.of(scene).colours if scene is not None and image is None else ""
        return colour_map(remembered or (GREY if image is None else SINGLE_COLOURS))

    def _note(self, scene: HyperCube, composite: Composite) -> None:
        noted = self._memory.of(scene)
        if (
            composite.contrast != self._default_contrast()
            or self.title(composite) in noted.contrasts
        ):
            noted.note(self.title(composite), composite.contrast)
        if composite.image is None:
            noted.bands = composite.bands
            if len(composite.bands) == 1:
                noted.colours = composite.colours.name if composite.colours is not None else GREY
        self._memory.note(scene, noted)

    def _scene_composite(self, scene: HyperCube) -> Composite:
        """The last composite of a scene, else its first one."""
        noted = self._memory.of(scene)
        if not noted.bands or max(noted.bands) >= scene.bands:
            bands = described_bands(scene) or good_bands_near(scene, self._first)
            if scene.bands == 1:
                bands = (0,)
            return self._with_contrast(Composite(bands))
        return self._with_contrast(
            Composite(noted.bands, colours=self._colours_for(noted.bands, None))
        )

    @Slot(object)
    def _on_drawn(self, picture: ScenePicture) -> None:
        self._task = None
        self.picture = picture
        self._layers.set_raster(IMAGE, picture.raster)
        self._layers.set_bar(IMAGE, self.bar(picture))
        self.drawn.emit(picture)
        if self._unseen and not picture.coarse:
            self._unseen = False
            if not any(sample.values.size for sample in picture.samples):
                self._workspace.notify(
                    f"{picture.cube.name}: The bands shown contain no data, so nothing is drawn.",
                    "warning",
                )

    @Slot()
    def _on_cancelled(self) -> None:
        """The user wants no other picture now: a coarse one is drawn as it is looked at."""
        self._task = None
        if self.picture is not None and self.picture.coarse:
            self.composite = self.picture.composite
            self._on_drawn(sharpened(self.picture))

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        self._task = None
        self._workspace.notify_error(error, "Drawing the image")

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancelled.disconnect(self._on_cancelled)
            self._task.cancel()
            self._task = None
