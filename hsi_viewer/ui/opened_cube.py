"""OpenedCube: what the worker that opens a scene returns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.rendering.scene_picture import ScenePicture
from hsi_viewer.session.document.document import Document

Prepare = Callable[[Document, str, CancelToken, ProgressPort], Any]


class OpenedCube(Struct, frozen=True):
    """A cube, its document and its first picture.

    Attributes
    ----------
    source : as it was named.
    cube, picture, document : the new ones.
    prepared : what the `Prepare` of the request returned.
    """

    source: str
    cube: HyperCube
    picture: ScenePicture
    document: Document
    prepared: Any = None
