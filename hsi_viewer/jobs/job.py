"""Settings of a job: where to write, how, and where reports go."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from hsi_viewer.core.labels.placement import Placement
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort, SilentPort
from hsi_viewer.core.training import EpochReport, Refine, Standardise, TrainingConfig
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
    formats : of `export_prediction`; None writes the usual ones, as far as they apply.
    with_report : whether a report of the run is written, too.
    bundle : archive that everything is put into, too; None writes none.
    warnings : what was noted so far, for the report.
    epochs : what the training has reported so far.
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
    warnings: list[str] = field(default_factory=list)
    epochs: list[EpochReport] = field(default_factory=list)

    def report(self, item: object) -> None:
        """Pass on what a step reports, and keep notes and epochs."""
        if isinstance(item, EpochReport):
            self.epochs.append(item)
        super().report(item)

    @property
    def refinement(self) -> Refine:
        """How strongly maps are refined."""
        return False if self.refine == "none" or not self.config.refine else self.refine

    def announce(self, message: str) -> None:
        """Report a step that has no fraction, unless the job was cancelled."""
        self.token.check()
        self.port.report(Progress(message))
