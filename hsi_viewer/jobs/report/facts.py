"""Facts: one tree of all that a report says about a class map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.assessment.accuracy import AccuracyReport
from hsi_viewer.core.assessment.assessment import Assessment
from hsi_viewer.core.assessment.sample_assessment import OTHER, OTHER_NAME, SampleAssessment
from hsi_viewer.core.evidence import Evidence
from hsi_viewer.core.labels.classes import Colour
from hsi_viewer.core.postprocess.map_steps import MapStep
from hsi_viewer.core.training import EpochReport
from hsi_viewer.io.files.checksums import FileChecksum

Honest = Literal["cross-validation", "test pixels"]


@dataclass(frozen=True)
class DataFacts:
    """The scene.

    Attributes
    ----------
    source : as it was named.
    name : short name.
    files : that it consists of, with their checksums; () for what is in memory.
    values_sha256 : of all stored values.
    rows, columns, bands : its size.
    dtype, format_name : of its values and its file.
    wavelengths : (low, high) in nm, or None.
    crs : coordinate system, or None.
    region : what of it was used, as in "34 % of the scene; 120 of 200 bands"; "" for all.
    """

    source: str
    name: str
    files: tuple[FileChecksum, ...]
    values_sha256: str
    rows: int
    columns: int
    bands: int
    dtype: str
    format_name: str
    wavelengths: tuple[float, float] | None
    crs: str | None
    region: str = ""


@dataclass(frozen=True)
class ClassFacts:
    """A class: its labels, and what the map gives to it.

    Attributes
    ----------
    training, test : labelled pixels that were trained on, and test pixels.
    pixels, share : of the map, 0..1 of the pixels that have a class.
    square_metres : their area, with the errors of the map; None without a georeference.
    """

    id: int
    name: str
    colour: Colour
    training: int
    test: int
    pixels: int
    share: float
    square_metres: float | None


class ClassSpectrum(Struct, frozen=True, eq=False):
    """The spectra of the training pixels of a class, NaN in bad bands.

    Attributes
    ----------
    class_id, pixels : which class, and how many training pixels it has.
    mean, low, high : (bands,) mean, 10th and 90th percentile, in physical units.
    """

    class_id: int
    pixels: int
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


class Spectra(Struct, frozen=True):
    """Spectra of the classes.

    Attributes
    ----------
    unit : of the horizontal axis, "nm" or "band".
    positions : (bands,) wavelengths, or numbers of the bands from 1.
    """

    unit: Literal["nm", "band"]
    positions: tuple[float, ...]
    classes: tuple[ClassSpectrum, ...]


@dataclass(frozen=True)
class LayerFacts:
    """A layer of uncertainty.

    Attributes
    ----------
    name, about : for people.
    low, high : values of the first and the last colour.
    mean : over the pixels that have a class.
    """

    name: str
    about: str
    low: float
    high: float
    mean: float


@dataclass(frozen=True)
class Applicable:
    """The area of applicability: its threshold of dissimilarity; the share of the map outside."""

    threshold: float
    outside: float


@dataclass(frozen=True)
class Conformal:
    """Conformal sets: coverage that was asked for, threshold, mean size, share of sets of one."""

    coverage: float
    threshold: float
    mean_size: float
    single: float


@dataclass(frozen=True)
class Uncertainty:
    """What is known about the doubt of each pixel; None where it could not be computed.

    Attributes
    ----------
    layers, applicable, conformal : see there.
    missing : a sentence for each layer that could not be computed, which says why.
    """

    layers: tuple[LayerFacts, ...]
    applicable: Applicable | None
    conformal: Conformal | None
    missing: tuple[str, ...] = ()


class Facts(Struct, frozen=True, eq=False):
    """All that a report says.

    Attributes
    ----------
    title : of the report.
    data, classes, spectra, uncertainty : see there.
    labels, test : sources of the training labels and of the test pixels.
    classifier : title of the classifier.
    map_source : what made the map, e.g. "SDHSI-Net, exits averaged, refined".
    settings : by name, seed included.
    evidence : what models said of labels that they had not seen.
    assessment : the honest and the optimistic figure.
    epochs : loss and accuracy of the exits while the network was trained.
    steps : what was done to the map afterwards, in order.
    seconds, versions : by step, by package.
    warnings : sentences.
    quote : which figure to quote, in a sentence.
    methods : a paragraph for the methods section of a paper.
    references : of what the paragraph names.
    sample : what labelled reference points say about the map; None without any.
    trained_elsewhere : whether what the model was trained on isn't known.
    """

    title: str
    data: DataFacts
    labels: str
    test: str | None
    classes: tuple[ClassFacts, ...]
    classifier: str
    map_source: str
    settings: Mapping[str, Any]
    evidence: Evidence
    assessment: Assessment
    epochs: tuple[EpochReport, ...]
    spectra: Spectra
    uncertainty: Uncertainty
    steps: tuple[MapStep, ...]
    seconds: Mapping[str, float]
    versions: Mapping[str, str]
    warnings: tuple[str, ...] = ()
    quote: str = ""
    methods: str = ""
    references: tuple[str, ...] = ()
    sample: SampleAssessment | None = None
    trained_elsewhere: bool = False

    @property
    def shown(self) -> AccuracyReport | None:
        """The figures that are shown in full: the honest ones, else the optimistic ones."""
        found = self.assessment
        return found.separated if found.separated is not None else found.random

    @property
    def honest(self) -> Honest | None:
        """What the honest figure was measured on; None without one."""
        if self.assessment.separated is None:
            return None
        by_labels = self.assessment.separated_on == "labels"
        return "cross-validation" if by_labels else "test pixels"

    @property
    def training(self) -> int:
        """Number of all training pixels."""
        return sum(c.training for c in self.classes)

    def name_of(self, class_id: int) -> str:
        """Name of a class; also for 0 and for ids that the map does not have."""
        known = {OTHER: OTHER_NAME} | {c.id: c.name for c in self.classes}
        return known.get(class_id, "Unclassified" if class_id == 0 else f"Class {class_id}")
