"""SpectralNeighbourhood: components and superpixels around the mouse, made in the background."""

from __future__ import annotations

from collections.abc import Hashable

from msgspec import Struct
from PySide6.QtCore import QObject, Signal, Slot

from hsi_viewer.analysis.spectral_windows import basis_of, box_for, read_window, superpixels
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.geometry.pixels import Box, Pixel
from hsi_viewer.core.spectra.spectral_window import Segments, SpectralBasis, SpectralWindow
from hsi_viewer.ui.requests import LatestRequestQueue, Response
from hsi_viewer.ui.workspace import Workspace


class NeighbourhoodRequest(Struct, frozen=True, eq=False):
    """A window of a cube; with a size also its superpixels."""

    cube: HyperCube
    box: Box
    size: int | None = None
    window: SpectralWindow | None = None


class Found(Struct, frozen=True, eq=False):
    """The worker's response to a request."""

    window: SpectralWindow
    segments: Segments | None


class SpectralNeighbourhood(QObject):
    """Keeps the last window and its superpixels; `ready` is emitted when there are others.

    Signals
    -------
    ready() : something that was asked for is here.
    failed(Exception) : it could not be made.
    """

    ready = Signal()
    failed = Signal(object)

    def __init__(self, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._queue = LatestRequestQueue(workspace.tasks, "Comparing spectra", self._compute, self)
        self._queue.response.connect(self._on_response)
        self._queue.cancelled.connect(self._on_dropped)
        self._basis: tuple[HyperCube, SpectralBasis] | None = None
        self._request: NeighbourhoodRequest | None = None
        self._window: SpectralWindow | None = None
        self._segments: tuple[int, Segments] | None = None
        self._cube: HyperCube | None = None

    def window_at(self, pixel: Pixel) -> SpectralWindow | None:
        """The window that holds a pixel, if it is here; else it is asked for."""
        self._follow_document()
        if self._window is not None and self._window.holds(pixel):
            return self._window
        self._ask(pixel, None)
        return None

    def segments_at(self, pixel: Pixel, size: int) -> Segments | None:
        """Superpixels that hold a pixel, if they are here; else they are asked for."""
        self._follow_document()
        if self._segments is not None:
            made_for, segments = self._segments
            if made_for == size and segments.holds(pixel):
                return segments
        self._ask(pixel, size)
        return None

    def _follow_document(self) -> None:
        document = self._workspace.document
        cube = document.cube if document is not None else None
        if cube is not self._cube:
            self._cube, self._request, self._window, self._segments = cube, None, None, None

    def _ask(self, pixel: Pixel, size: int | None) -> None:
        cube = self._cube
        if cube is None or not (0 <= pixel[0] < cube.rows and 0 <= pixel[1] < cube.columns):
            return
        box = box_for(cube, pixel)
        requested = self._request
        if (
            requested is not None
            and requested.box == box
            and (size is None or requested.size == size)
        ):
            return  # on its way
        known = self._window if self._window is not None and self._window.box == box else None
        self._request = NeighbourhoodRequest(cube, box, size, known)
        self._queue.ask([self._request])

    def _compute(self, request: Hashable) -> Found:
        """In the worker."""
        import scipy.ndimage  # noqa: F401 - the first click must not wait for it

        if not isinstance(request, NeighbourhoodRequest):
            raise TypeError(f"{request!r} is not a request for a window")
        if self._basis is None or self._basis[0] is not request.cube:
            self._basis = (request.cube, basis_of(request.cube))
        window = request.window or read_window(request.cube, self._basis[1], request.box)
        return Found(window, None if request.size is None else superpixels(window, request.size))

    @Slot(object)
    def _on_response(self, response: Response) -> None:
        request, found = response.request, response.result
        if not isinstance(request, NeighbourhoodRequest) or request.cube is not self._cube:
            return
        if request is self._request:
            self._request = None
        if isinstance(found, Found):
            self._window = found.window
            if found.segments is not None and request.size is not None:
                self._segments = (request.size, found.segments)
            self.ready.emit()
        elif response.error is not None:
            self.failed.emit(response.error)

    @Slot()
    def _on_dropped(self) -> None:
        self._request = None
