"""Derived images: components, indices and formulas, computed in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Slot

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.derived.derived_images import (
    TITLES,
    ComponentKind,
    component_image,
    formula_image,
)
from hsi_viewer.core.derived.formula import parse_formula
from hsi_viewer.core.derived.indices import INDICES, disabled_reason, index_named
from hsi_viewer.core.errors import HsiError
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.panel_feature import PanelFeature
from hsi_viewer.ui.task_thread import Work

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context
    from hsi_viewer.ui.features.display.picture_controller import PictureController
    from hsi_viewer.ui.widgets.derived_panel import DerivedPanel
    from hsi_viewer.ui.widgets.display_panel import DisplayPanel

IMAGE = "&Image"


class DerivedFeature(PanelFeature["DerivedPanel"]):
    """Derives images of the scene and hands them to the picture."""

    key, title, icon, beside = "derived", "Derived", "function-variant", "display"

    def __init__(self, context: Context, pictures: PictureController, panel: DisplayPanel) -> None:
        super().__init__(context)
        self.pictures = pictures
        self._asked_of: HyperCube | None = None
        self._reasons: dict[str, str | None] = {}
        panel.derive_requested.connect(self.open)
        self.pictures.images_changed.connect(self.refresh)

    def make_panel(self) -> DerivedPanel:
        """The panel, connected."""
        from hsi_viewer.ui.widgets.derived_panel import DerivedPanel

        panel = DerivedPanel()
        panel.components_requested.connect(self.derive_components)
        panel.index_requested.connect(self.show_index)
        panel.formula_requested.connect(self.show_formula)
        return panel

    def commands(self) -> list[Command]:
        """Components, every index, formulas."""

        def has_bands() -> bool:
            document = self.workspace.document
            return document is not None and document.cube.bands > 1

        def components(kind: ComponentKind) -> Command:
            return Command(
                f"image.{kind}",
                f"{TITLES[kind]}",
                IMAGE,
                lambda: self.derive_components(kind),
                enabled=has_bands,
                disabled_reason=lambda: "Open a scene with two or more bands first.",
            )

        def index(name: str) -> Command:
            return Command(
                f"image.index.{name.lower().replace(' ', '-')}",
                f"Index {name}" if name.isupper() else name,
                "",
                lambda: self.show_index(name),
                enabled=lambda: self._disabled_reason(name) is None,
                disabled_reason=lambda: self._disabled_reason(name),
            )

        return [
            components("pca"),
            components("mnf"),
            Command(
                "image.anomalies",
                "&Anomalies (RX)",
                IMAGE,
                self.derive_anomalies,
                enabled=has_bands,
                disabled_reason=lambda: "Open a scene with two or more bands first.",
            ),
            Command(
                "image.derive",
                "&Indices and formulas…",
                IMAGE,
                self.open,
                (),
                "function-variant",
                self.has_scene,
            ),
            Command(
                "image.remove",
                "Remove the &derived image",
                IMAGE,
                self.pictures.remove_image,
                enabled=lambda: (
                    self.pictures.composite is not None
                    and self.pictures.composite.image is not None
                ),
                disabled_reason=lambda: "There is no derived image to remove.",
            ),
            *(index(i.name) for i in INDICES),
        ]

    @Slot(str)
    def derive_components(self, kind: ComponentKind) -> None:
        """Compute components of the scene and show the first three."""
        cube = self._cube
        if cube is not None:
            self._start(TITLES[kind], lambda token, port: component_image(cube, kind, token, port))

    @Slot()
    def derive_anomalies(self) -> None:
        """Show how far each spectrum is from the background of the scene."""
        cube = self._cube
        if cube is None:
            return

        def work(token: CancelToken, port: ProgressPort) -> HyperCube:
            from hsi_viewer.analysis.anomalies import anomaly_image

            return anomaly_image(cube, token, port)

        self._start("Anomalies (RX)", work)

    def _start(self, title: str, work: Work) -> None:
        """Derive an image in the background; the latest request wins."""
        self.workspace.compute(
            title, work, self._on_derived, cube=self._cube, key=self.key, doing="Deriving an image"
        )

    @Slot(str)
    def show_index(self, name: str) -> None:
        """Show an index of the scene."""
        reason = self._disabled_reason(name)
        if reason is not None:
            self.workspace.notify(reason, "warning")
        else:
            self._show(index_named(name).formula, name)

    @Slot(str)
    def show_formula(self, text: str) -> None:
        """Show what a formula of bands gives."""
        self._show(text)

    def _show(self, text: str, name: str = "") -> None:
        cube = self._cube
        if cube is None:
            return
        title = name or text
        try:
            formula = parse_formula(text)
        except HsiError as error:
            self.workspace.notify_error(error, "Reading the formula")
            return
        self._start(title, lambda token, port: formula_image(cube, formula, title, token, port))

    @property
    def _cube(self) -> HyperCube | None:
        document = self.workspace.document
        return document.cube if document is not None else None

    def _disabled_reason(self, name: str) -> str | None:
        cube = self._cube
        if cube is None:
            return "Open a scene first."
        if cube is not self._asked_of:  # every change of state asks for every index
            self._asked_of, self._reasons = cube, {}
        if name not in self._reasons:
            self._reasons[name] = disabled_reason(index_named(name), cube)
        return self._reasons[name]

    @Slot()
    def refresh(self) -> None:
        """Show which images can be derived of the scene."""
        if self.is_made:
            self.panel.show_cube(self._cube)

    def _on_derived(self, image: object) -> None:
        self.context.viewing.show_image()
        self.pictures.add_image(cast("HyperCube", image))
