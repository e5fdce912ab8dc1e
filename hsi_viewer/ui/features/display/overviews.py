"""OverviewsFeature: overviews of large scenes, made in the background and kept within bounds."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot

from hsi_viewer.core.display.layers import IMAGE
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.rendering.overview import OverviewSource, cache_bytes, trim_cache
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.feature import Feature
from hsi_viewer.ui.rest_timer import RestTimer
from hsi_viewer.ui.task_thread import Task

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context

MEGABYTE = 1_000_000
FIRST_MS = 200  # what is on the screen is drawn first


def make_overview(
    source: OverviewSource,
    bands: tuple[int, ...],
    limit: int,
    token: CancelToken,
    port: ProgressPort,
) -> None:
    """Make the overview of bands, and drop old ones beyond a limit of bytes."""
    source.fill(bands, token, port)
    trim_cache(limit, keep=source.path)


def clean_cache(_token: CancelToken, _port: ProgressPort) -> int:
    """Drop all overviews; gives the bytes that are free now."""
    before = cache_bytes()
    trim_cache(0)
    return before - cache_bytes()


class OverviewsFeature(Feature):
    """Has the overview of the shown bands made, whenever they change."""

    key = "overviews"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._task: Task | None = None
        self._making: OverviewSource | None = None
        self._declined: OverviewSource | None = None
        self._soon = RestTimer(FIRST_MS, self._make, self)
        context.viewing.layers.redrawn.connect(self._on_redrawn)

    def commands(self) -> list[Command]:
        """Clean the cache."""
        return [
            Command(
                "view.clean",
                "Clear overview cache",
                "&View",
                self.clean,
                (),
                "broom",
            )
        ]

    @Slot()
    def clean(self) -> None:
        """Drop all overviews; those of the open scene are remade when they are needed."""
        self.workspace.perform("Clearing the overview cache", clean_cache, self._on_cleaned)

    def _on_cleaned(self, freed: int) -> None:
        self.workspace.notify(f"Overview cache cleared: {freed / MEGABYTE:,.0f} MB freed.")

    def _on_redrawn(self, name: str, _box: object) -> None:
        if name == IMAGE and self.workspace.works_ahead:
            self._soon.start()

    @Slot()
    def _make(self) -> None:
        picture, document = self.context.viewing.picture, self.workspace.document
        limit = self.workspace.settings.cache_megabytes * MEGABYTE
        if picture is None or document is None or limit == 0 or self._task is not None:
            return
        if picture.coarse:
            return  # the sharp picture comes first
        if not self.context.viewing.tiles.idle:
            self._soon.start()  # both read the same file
            return
        source = picture.cube.source
        if not isinstance(source, OverviewSource) or source is self._declined:
            return
        if source.missing(picture.bands):
            self._making = source
            work = partial(make_overview, source, picture.bands, limit)
            title = f"Overview of {document.cube.name}"
            self._task = self.workspace.tasks.start(title, work, background=True)
            self._task.succeeded.connect(self._on_made)
            self._task.cancelled.connect(self._on_declined)
            self._task.failed.connect(self._on_failed)

    @Slot()
    def _on_made(self) -> None:
        self._task = None
        self._make()  # of the bands that were chosen meanwhile

    @Slot()
    def _on_declined(self) -> None:
        """The user has cancelled it: it is not made for its scene."""
        self._task, self._declined = None, self._making

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        self._on_declined()
        if isinstance(error, OSError):
            self.workspace.notify(
                f"The overview could not be saved ({error.strerror}): zoomed out, this scene is "
                "drawn slowly. Free some space on the disk, or reduce the cache size.",
                "warning",
                self.context.commands.choice("edit.preferences"),
            )
        else:
            self.workspace.notify_error(error, "Making the overview")
