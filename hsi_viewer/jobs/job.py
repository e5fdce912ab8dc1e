"""Settings of a job: where to write, how, and where reports go."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.inputs import region_of
from hsi_viewer.core.labels.placement import Placement
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort, SilentPort
from hsi_viewer.core.training import EpochReport, Refine, Standardise, TrainingConfig
from hsi_viewer.io.source_files import SourceFiles
from hsi_viewer.jobs.noting import Noting
from hsi_viewer.learning.classifiers import DEFAULT


@dataclass(frozen=True)
class Job(Noting):
    """Settings of a job, and where its reports go.

    Attributes
    ----------
    output : folder of the results; made if it is not there.
    config : settings of the training; `refine` also holds for applying a model.
    token, port : cancel and progress; the port takes each `Note` as it comes up.
    placement : how labels of another grid are laid on the cube; None finds out.
    overwrite : whether results that are in the folder may be replaced.
    test : file of labels that score the map; None scores nothing.
    classifier : key of the one to train.
    refine : strength of the refinement, unless `config` does without.
    standardise : by which scene's statistics a cube is standardised that a model is applied to.
    formats : of `export_prediction`; None writes the usual ones.
    with_report : whether a report of the run is written, too.
    bundle : archive that everything is put into, too; None writes none.
    region, mask : files of what is used of the scene and of what is left out; None for all of it.
    bands : that are trained on, as `core.cube.band_choice` reads them; None for all good ones.
    warnings : what was noted so far, for the report.
    epochs : what the training has reported so far.
    files : of the scenes that were opened, as they were then.
    """

    output: Path
    config: TrainingConfig = field(default_factory=TrainingConfig)
    token: CancelToken = field(default_factory=CancelToken)
    port: ProgressPort = field(default_factory=SilentPort)
    placement: Placement | None = None
    overwrite: bool = False
    test: str | None = None
    formats: tuple[str, ...] | None = None
    classifier: str = DEFAULT
    refine: Refine = "auto"
    standardise: Standardise = "training"
    with_report: bool = False
    bundle: Path | None = None
    region: str | None = None
    mask: str | None = None
    bands: str | None = None
    warnings: list[str] = field(default_factory=list)
    epochs: list[EpochReport] = field(default_factory=list)
    files: list[SourceFiles] = field(default_factory=list)

    def report(self, item: object) -> None:
        """Pass on what a step reports, and keep notes and epochs."""
        if isinstance(item, EpochReport):
            self.epochs.append(item)
        super().report(item)

    @property
    def refinement(self) -> Refine:
        """How strongly maps are refined."""
        return False if self.refine == "none" or not self.config.refine else self.refine

    def used_of(self, cube: HyperCube) -> HyperCube:
        """The region of interest and the chosen bands of a scene, as a cube.

        Raises
        ------
        HsiError
            if a file cannot be read or does not fit the scene, or the scene lacks the bands.
        """
        return region_of(cube, self.region, self.mask, self.bands).of(cube)

    @property
    def region_sources(self) -> dict[str, str]:
        """What was asked for, by option, as far as it was."""
        asked = {"region": self.region, "mask": self.mask, "bands": self.bands}
        return {name: text for name, text in asked.items() if text is not None}

    def announce(self, message: str) -> None:
        """Report a step that has no fraction, unless the job was cancelled."""
        self.token.check()
        self.port.report(Progress(message))
