"""The report of an output folder of `train`: a model of several scenes, which has no map yet."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hsi_viewer.atomic import replacing
from hsi_viewer.core.assessment.confusion_table import TextTable
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort
from hsi_viewer.core.text import percent
from hsi_viewer.jobs.report.names import HTML, JSON, PDF
from hsi_viewer.jobs.report.tables import PlainSection
from hsi_viewer.learning.classifiers import classifier

NO_MAP = (
    "train makes no map, so areas, spectra and layers of uncertainty are not known. Apply the "
    "model to a scene (hsi-viewer apply), and report on that folder."
)


@dataclass(frozen=True)
class TrainedScene:
    """A scene that the model was trained on."""

    cube: str
    labels: str
    train_pixels: int


@dataclass(frozen=True)
class TrainedClass:
    """A class of the model."""

    id: int
    name: str
    colour: tuple[int, int, int]


@dataclass(frozen=True)
class HeldOutScene:
    """How a model of the other scenes mapped a scene: share of right labels, and how many."""

    scene: str
    overall: float
    pixels: int


@dataclass(frozen=True)
class SceneFigures:
    """The share of right labels over all scenes that were held out, and the mean of the scenes."""

    overall: float
    mean: float
    scenes: tuple[HeldOutScene, ...]


@dataclass(frozen=True)
class TrainedRecord:
    """The part of report.json of `train` that its report needs."""

    scenes: tuple[TrainedScene, ...]
    classes: tuple[TrainedClass, ...]
    classifier: str
    seed: int = 0
    standardise: str = "training"
    held_out: SceneFigures | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Title of the report."""
        return f"Model of {self._count}"

    @property
    def _count(self) -> str:
        count = len(self.scenes)
        return f"{count} scene{'s' if count != 1 else ''}"

    @property
    def quote(self) -> str:
        """Which figure to quote, or why there is none."""
        found = self.held_out
        if found is None:
            return "How well it maps other scenes is not known: no scene could be held out."
        return (
            f"Quote an overall accuracy of {percent(found.overall, 1)} on scenes that were not "
            f"trained on (mean of {len(found.scenes)} scenes {percent(found.mean, 1)}): each was "
            "mapped by a model of the others. Too few scenes are known for an interval."
        )

    @property
    def methods(self) -> str:
        """A paragraph for the methods section."""
        version = self.versions.get("hsi-viewer", "of an unknown version")
        how = "scene by scene" if self.standardise == "scene" else "over all training pixels"
        pixels = sum(scene.train_pixels for scene in self.scenes)
        return (
            f"{classifier(self.classifier).title} was trained on {pixels:,} labelled pixels of "
            f"{self._count} into {len(self.classes)} classes with HSI Viewer {version}, seed "
            f"{self.seed}; spectra were standardised {how}. {self.quote}"
        )

    def facts(self) -> dict[str, Any]:
        """What the report says, as JSON has it."""
        return {
            "title": self.title,
            "quote": self.quote,
            **asdict(self),
            "map": None,
            "reason": NO_MAP,
            "methods": self.methods,
        }

    def sections(self) -> list[PlainSection]:
        """What the report says, for people."""
        held = self.held_out
        scenes = TextTable(
            "What it was trained on.",
            ("Scene", "Labels", "Training pixels"),
            tuple((s.cube, s.labels, f"{s.train_pixels:,}") for s in self.scenes),
        )
        figures = (
            None
            if held is None
            else TextTable(
                "Each scene as a model of the others maps it.",
                ("Scene", "Overall accuracy", "Labels"),
                tuple((s.scene, percent(s.overall, 1), f"{s.pixels:,}") for s in held.scenes),
            )
        )
        settings = {"classifier": self.classifier, "seed": self.seed}
        rows = [
            *settings.items(),
            ("standardised by", self.standardise),
            *((f"seconds, {name}", f"{value:.1f}") for name, value in self.seconds.items()),
            *((f"version of {name}", value) for name, value in self.versions.items()),
        ]
        return [
            ("Accuracy", [self.quote] if figures is None else [figures]),
            ("Scenes", [scenes]),
            (
                "Classes",
                [TextTable("", ("Class", "Id"), tuple((c.name, str(c.id)) for c in self.classes))],
            ),
            ("Map", [NO_MAP[0].upper() + NO_MAP[1:]]),
            ("Methods", [self.methods]),
            (
                "Settings",
                [
                    TextTable(
                        "",
                        ("What", "Value"),
                        tuple((name.capitalize(), str(value)) for name, value in rows),
                    )
                ],
            ),
            ("Warnings", self.warnings or ("None.",)),
        ]


def write_trained(
    record: TrainedRecord, target: Path, token: CancelToken, port: ProgressPort
) -> list[Path]:
    """Write the report of a model, each file whole or not at all.

    Raises
    ------
    ExportError
        if a file cannot be written.
    """
    from hsi_viewer.jobs.report.html import plain_page
    from hsi_viewer.jobs.report.pdf import write_plain_pdf

    port.report(Progress("Writing the report"))
    given = record.title, record.quote, record.sections()
    files = [target / HTML, target / PDF, target / JSON]
    token.check()
    with replacing(files[0]) as (new,):
        new.write_text(plain_page(*given), encoding="utf-8")
    with replacing(files[1]) as (new,):
        write_plain_pdf(*given, new)
    with replacing(files[2]) as (new,):
        new.write_text(json.dumps(record.facts(), indent=2, allow_nan=False) + "\n", "utf-8")
    return files
