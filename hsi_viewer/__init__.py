"""HSI Viewer: classify hyperspectral images from a few labelled pixels.

The notebook interface::

    import hsi_viewer
    cube = hsi_viewer.open_cube("scene.hdr")
    model = hsi_viewer.fit(cube, labels)      # labels: (rows, columns), 0 unlabelled
    prediction = model.predict(cube)          # class_map, confidence, probabilities
    hsi_viewer.fit(cube, labels, classifier="svm")  # or "lda"; SDHSI-Net is the default
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hsi_viewer.core.cube.cube import HyperCube
    from hsi_viewer.core.training import TrainingConfig
    from hsi_viewer.io.opening import open_cube
    from hsi_viewer.learning.classifiers import fit

__version__ = "0.1.0"
__all__ = ["HyperCube", "TrainingConfig", "__version__", "fit", "open_cube"]

_LAZY = {
    "HyperCube": "hsi_viewer.core.cube.cube",
    "TrainingConfig": "hsi_viewer.core.training",
    "open_cube": "hsi_viewer.io.opening",
    "fit": "hsi_viewer.learning.classifiers",
}


def __getattr__(name: str) -> Any:
    # torch takes seconds to import, so nothing is imported before it is asked for.
    if name not in _LAZY:
        raise AttributeError(f"module 'hsi_viewer' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_LAZY[name]), name)
