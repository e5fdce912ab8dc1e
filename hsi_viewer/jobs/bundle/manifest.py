"""What a bundle contains: its files with their checksums, the scene, and the settings."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from msgspec import Meta

from hsi_viewer.core.labels.classes import MAX_CLASS_ID, LabelClass
from hsi_viewer.core.postprocess.map_steps import MapStep, steps_from
from hsi_viewer.core.training import Refine, TrainingConfig
from hsi_viewer.io.files.checksums import FileChecksum

MANIFEST = "manifest.json"
MOST_BYTES = 1 << 24  # of the manifest
MOST_FILES = 64

MAP = ("class_map.hdr", "class_map.img")
TRAINING = ("training.hdr", "training.img")
TEST = ("test.hdr", "test.img")
BACKGROUND = ("no_class.hdr", "no_class.img")  # where the user said that none of the classes is
REGION = ("region.hdr", "region.img")


@dataclass(frozen=True)
class BundleScene:
    """The scene that was mapped.

    Attributes
    ----------
    source : as it was named.
    rows, columns, bands : its size.
    values_sha256 : of all stored values, those outside of the region as no data.
    files : that it consisted of.
    has_region : whether only a region of interest was used, which the bundle contains.
    bands_used : numbers of the bands that were chosen, from 1; None for all good ones.
    """

    source: str
    rows: int
    columns: int
    bands: int
    values_sha256: str
    files: tuple[FileChecksum, ...] = ()
    has_region: bool = False
    bands_used: tuple[Annotated[int, Meta(ge=1)], ...] | None = None


@dataclass(frozen=True)
class BundleClass:
    """A class of the map."""

    id: Annotated[int, Meta(ge=1, le=MAX_CLASS_ID)]
    name: str
    colour: tuple[int, int, int]


@dataclass(frozen=True)
class BundleSettings:
    """How the map was made.

    Attributes
    ----------
    classifier, config, refine : what was trained, and how; the seed is in the configuration.
    cleanings : what was done to the map afterwards, in order: cleanings, and rules by which
        doubtful pixels are left unclassified.
    continued : whether the training went on from an earlier model.
    """

    classifier: str
    config: TrainingConfig
    refine: Refine
    cleanings: tuple[dict[str, Any], ...] = ()
    continued: bool = False

    @property
    def steps(self) -> tuple[MapStep, ...]:
        """The cleanings; an InvalidError if they are none."""
        return steps_from(self.cleanings)


@dataclass(frozen=True)
class Manifest:
    """The contents of a bundle.

    Attributes
    ----------
    title : of the map.
    scene, legend, settings : see there.
    labels, test : sources of the training labels and the test pixels, as they were named.
    versions : of Python and the packages that made the map.
    files : every other file of the bundle.
    """

    title: str
    scene: BundleScene
    labels: str
    test: str | None
    legend: tuple[BundleClass, ...]
    settings: BundleSettings
    versions: dict[str, str]
    files: tuple[FileChecksum, ...] = ()
    format: Literal["hsi-viewer bundle"] = "hsi-viewer bundle"
    schema: Literal[1] = 1

    @property
    def classes(self) -> tuple[LabelClass, ...]:
        """The classes of the map."""
        return tuple(LabelClass(c.id, c.name, c.colour) for c in self.legend)

    def text(self) -> str:
        """The manifest as JSON."""
        return json.dumps(asdict(self), indent=2, allow_nan=False) + "\n"
