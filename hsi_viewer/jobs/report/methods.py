"""Sentences of a report: which figure to quote, and a paragraph for the methods section."""

from __future__ import annotations

import math
from typing import TypedDict

import numpy as np

from hsi_viewer.core.assessment.accuracy import AccuracyReport
from hsi_viewer.core.assessment.area_estimates import Estimate
from hsi_viewer.core.assessment.doubt_rule import DoubtRule
from hsi_viewer.core.assessment.intervals import Interval
from hsi_viewer.core.assessment.label_assessment import GAP
from hsi_viewer.core.assessment.sample_assessment import SampleAssessment
from hsi_viewer.core.postprocess.clean import Cleaning
from hsi_viewer.core.postprocess.map_steps import step_sentence
from hsi_viewer.core.text import percent
from hsi_viewer.jobs.report.facts import Facts

SOFTWARE = "hsi-viewer"
BESIDE = {
    "Beside training pixels": "Test pixels beside training pixels",
    "All test pixels": "All test pixels",
}
VOICES = {  # what a reader who doesn't know the program needs to be told of each
    "bands": "a linear discriminant of all bands",
    "shrunk_bands": "a linear discriminant of all bands with strong shrinkage",
    "shape": "a linear discriminant of all bands, divided by the brightness of the spectrum",
    "pixels": "a linear discriminant of noise-adjusted components",
    "similar_pixels": "a least-squares support vector machine of components",
    "closest_pixels": "a kernel logistic regression of all bands",
    "forest": "a random forest on all bands",
    "surroundings": "a linear discriminant of components averaged over the surroundings",
    "network": "a spectral-spatial network trained by self-distillation",
}
REFERENCES = {
    SOFTWARE: "The HSI Viewer developers: HSI Viewer, version {version}.",
    "lda": "Ledoit, O., Wolf, M. (2004): A well-conditioned estimator for large-dimensional "
    "covariance matrices. J. Multivar. Anal. 88, 365-411.",
    "svm": "Cortes, C., Vapnik, V. (1995): Support-vector networks. Mach. Learn. 20, 273-297.",
    "hybridsn-sd": "Roy, S. K. et al. (2020): HybridSN: Exploring 3-D-2-D CNN feature hierarchy "
    "for hyperspectral image classification. IEEE Geosci. Remote Sens. Lett. 17, 277-281.",
    "walker": "Grady, L. (2006): Random walks for image segmentation. IEEE Trans. Pattern Anal. "
    "Mach. Intell. 28, 1768-1783.",
    "folds": "Roberts, D. R. et al. (2017): Cross-validation strategies for data with temporal, "
    "spatial, hierarchical, or phylogenetic structure. Ecography 40, 913-929.",
    "kappa": "Cohen, J. (1960): A coefficient of agreement for nominal scales. Educ. Psychol. "
    "Meas. 20, 37-46.",
    "calibration": "Guo, C. et al. (2017): On calibration of modern neural networks. Proc. 34th "
    "Int. Conf. Mach. Learn., 1321-1330.",
    "applicability": "Meyer, H., Pebesma, E. (2021): Predicting into unknown space? Estimating "
    "the area of applicability of spatial prediction models. Methods Ecol. Evol. 12, 1620-1633.",
    "conformal": "Sadinle, M., Lei, J., Wasserman, L. (2019): Least ambiguous set-valued "
    "classifiers with bounded error levels. J. Am. Stat. Assoc. 114, 223-234.",
    "areas": "Olofsson, P. et al. (2014): Good practices for estimating area and assessing "
    "accuracy of land change. Remote Sens. Environ. 148, 42-57.",
    "strata": "Stehman, S. V. (2014): Estimating area and map accuracy for stratified random "
    "sampling when the strata are different from the map classes. Int. J. Remote Sens. 35, "
    "4923-4939.",
}


class Described(TypedDict):
    """Sentences that follow from the other facts."""

    quote: str
    methods: str
    references: tuple[str, ...]


def described(facts: Facts) -> Described:
    """Which figure to quote, the paragraph and its references, from the facts alone."""
    text = _Text(facts)
    sentences = [
        text.scene(),
        text.training(),
        *text.voices(),
        *text.refinement(),
        *text.steps(),
        *text.honest(),
        *text.beside(),
        *text.doubt(),
        text.areas(),
    ]
    references = tuple(
        entry.format(version=facts.versions[SOFTWARE])
        for name, entry in REFERENCES.items()
        if name in text.cited
    )
    return {"quote": quoted(facts), "methods": " ".join(sentences), "references": references}


def quoted(facts: Facts) -> str:
    """Which figure to quote, or why none can be."""
    found = facts.assessment
    if facts.sample is not None:
        return f"Quote an overall accuracy of {sampled(facts.sample)}."
    if found.separated is None:
        if facts.trained_elsewhere:
            return (
                "No figure of this map can be quoted as its accuracy: its model was trained "
                "elsewhere, and too few test pixels of this scene are known to measure one."
            )
        missing = "No figure of this map can be quoted as its accuracy: "
        if found.random is None:
            return missing + "too few pixels are labelled to measure one."
        return (
            f"{missing}{percent(found.random.overall.value, 1)} was measured beside the training "
            "pixels, and is optimistic. Label more places, or load test pixels of other places."
        )
    return f"Quote {figures(found.separated)}, {measured_on(facts)}."


def sampled(found: SampleAssessment) -> str:
    """Overall accuracy by reference points, and what they are."""
    return (
        f"{with_interval(found.estimates.overall)}, estimated from {found.estimates.points:,} "
        "reference points that were drawn at random, stratified by the classes of "
        f"{'the map' if found.own_strata else 'an earlier map'}"
    )


def measured_on(facts: Facts) -> str:
    """What the honest figure was measured on."""
    if facts.honest == "cross-validation":
        return (
            "measured by cross-validation over separate places, more than "
            f"{GAP} pixels from the other labels of their class"
        )
    reach = facts.assessment.reach
    if facts.assessment.separation is None:
        return "measured on test pixels of a scene that was not trained on"
    why = ", which is as far as the model looks" if reach >= GAP else ""
    return (
        f"measured on test pixels more than {max(reach, GAP)} pixels from the training pixels{why}"
    )


def figures(report: AccuracyReport) -> str:
    """Overall accuracy with its interval and what that rests on, average accuracy and kappa."""
    groups = (
        f"{report.total:,} test pixels drawn at random"
        if report.groups is None
        else f"{report.groups.count} groups of neighbouring pixels"
    )
    kappa = report.kappa_interval.value
    return (
        f"an overall accuracy of {with_interval(report.overall)} over {groups}, an average "
        f"accuracy of {percent(report.average, 1)} and a kappa of "
        f"{'undefined' if math.isnan(kappa) else f'{kappa:.2f}'}"
    )


def with_interval(interval: Interval | Estimate) -> str:
    """A share in percent with its 95 % interval, where it has one."""
    if math.isnan(interval.low):
        return f"{percent(interval.value, 1)} (too few groups for an interval)"
    return (
        f"{percent(interval.value, 1)} (95 % interval {percent(interval.low, 1)} to "
        f"{percent(interval.high, 1)})"
    )


class _Text:
    """The sentences of the paragraph, and the references that they cite."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.cited = {SOFTWARE}

    def scene(self) -> str:
        data = self.facts.data
        waves = ""
        if data.wavelengths is not None:
            low, high = data.wavelengths
            waves = f", {low:.0f} to {high:.0f} nm"
        used = f" Only a region of interest was used ({data.region})." if data.region else ""
        return (
            f"The scene {data.name} ({data.rows} x {data.columns} pixels, {data.bands} bands"
            f"{waves}) was classified into {len(self.facts.classes)} classes with "
            f"{self.facts.classifier} in HSI Viewer {self.facts.versions[SOFTWARE]}.{used}"
        )

    def training(self) -> str:
        if self.facts.trained_elsewhere:
            return "Its model was trained elsewhere, on labels that are not part of this report."
        facts, name = self.facts, str(self.facts.settings["classifier"])
        self.cited |= {name} & set(REFERENCES)
        counts = [c.training for c in facts.classes if c.training]
        settings = ", ".join(
            f"{key} {value}"
            for key, value in facts.settings.items()
            if key in ("preset", "seed") and value is not None
        )
        spread = f" ({min(counts)} to {max(counts)} per class)" if counts else ""
        return (
            f"The classifier was trained on {facts.training:,} labelled pixels{spread}, {settings}."
        )

    def voices(self) -> list[str]:
        heard = [v for v in self.facts.evidence.voices if round(v.weight, 2) > 0]
        if not heard:
            return []
        listed = ", ".join(f"{VOICES.get(v.name, v.title.lower())} ({v.weight:.2f})" for v in heard)
        held = self.facts.evidence.separated
        how = (
            "with weights that were not cross-validated, because too few places are labelled"
            if held is None
            else f"weighted by cross-validation over {len(np.unique(held.folds))} spatial folds"
        )
        if len(heard) == 1:
            only = VOICES.get(heard[0].name)
            return [] if only is None else [f"The map is that of {only}."]
        return [f"The map combines several classifiers, {how}: {listed}."]

    def refinement(self) -> list[str]:
        if not self.facts.map_source.endswith("refined"):
            return []
        self.cited.add("walker")
        return ["Probabilities were refined along the image by a random walker (Grady 2006)."]

    def steps(self) -> list[str]:
        names = {c.id: c.name for c in self.facts.classes}
        sentences = []
        for step in self.facts.steps:
            what = "was cleaned" if isinstance(step, Cleaning) else "was changed"
            sentences.append(f"Afterwards the map {what}: {step_sentence(step, names)}.")
        if any(isinstance(step, DoubtRule) and step.applicable for step in self.facts.steps):
            self.cited.add("applicability")
        return sentences

    def honest(self) -> list[str]:
        found = self.facts.assessment
        if found.separated is None:
            return ["The accuracy of the map on places without labels was not measured."]
        self.cited.add("kappa")
        if self.facts.honest == "cross-validation":
            self.cited.add("folds")
        sentence = f"The map reached {figures(found.separated)}, {measured_on(self.facts)}"
        if self.facts.honest == "cross-validation":
            sentence += " (Roberts et al. 2017)"
        audit = found.separation
        distance = "" if audit is None else f" {audit}"
        return [f"{sentence}. {found.separated.basis}{distance}"]

    def beside(self) -> list[str]:
        found = self.facts.assessment
        if found.random is None:
            return []
        where = ", which is optimistic for other places" if found.optimistic else ""
        return [
            f"{BESIDE[found.second_title]} gave an overall accuracy of "
            f"{percent(found.random.overall.value, 1)}{where}."
        ]

    def doubt(self) -> list[str]:
        found, sentences = self.facts.uncertainty, []
        error = self.facts.assessment.calibration_error
        if not math.isnan(error):
            self.cited.add("calibration")
            sentences.append(
                f"The expected calibration error of the confidence is {100 * error:.1f} points "
                "(Guo et al. 2017)."
            )
        if found.applicable is not None and not math.isnan(found.applicable.outside):
            self.cited.add("applicability")
            sentences.append(
                f"{percent(found.applicable.outside, 1)} of the map lies outside of the area of "
                "applicability (Meyer and Pebesma 2021)."
            )
        if found.conformal is not None:
            self.cited.add("conformal")
            sentences.append(
                f"Conformal sets of {100 * found.conformal.coverage:.0f} % coverage hold "
                f"{found.conformal.mean_size:.2f} classes on average (Sadinle et al. 2019)."
            )
        return sentences

    def areas(self) -> str:
        self.cited.add("areas")
        found = self.facts.sample
        if found is not None:
            own = found.own_strata
            self.cited |= set() if own else {"strata"}
            areas = ", ".join(
                f"{self.facts.name_of(i)} {area.value:,.4g} (95 % interval {area.low:,.4g} to "
                f"{area.high:,.4g}) {found.unit}"
                for i, area in zip(found.estimates.class_ids, found.areas, strict=True)
            )
            return (
                "Accuracy and areas were also estimated without bias (Olofsson et al. 2014"
                f"{'' if own else '; Stehman 2014'}): the overall accuracy is {sampled(found)}, "
                f"seed {found.seed}; the areas are {areas}."
            )
        return (
            "Areas are counts of map pixels and carry the errors of the map; they can be adjusted "
            "only with reference points that were drawn at random for it (Olofsson et al. 2014)."
        )
