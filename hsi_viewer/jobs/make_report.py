"""Reports of runs as files: checked before anything slow, written at the end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hsi_viewer.core.errors import ExportError
from hsi_viewer.core.paths import real_path
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.io.files.identify import split_source
from hsi_viewer.jobs.after_map import check_targets
from hsi_viewer.jobs.applied_run import applied_run
from hsi_viewer.jobs.bundle.write import write_bundle
from hsi_viewer.jobs.report.names import CSV, HTML, JSON, PDF
from hsi_viewer.jobs.report.record import facts_record
from hsi_viewer.jobs.report.trained import write_trained
from hsi_viewer.jobs.run_folder import RECORD, RunFolder

if TYPE_CHECKING:
    from hsi_viewer.jobs.job import Job
    from hsi_viewer.jobs.mapped_run import MappedRun

FOLDER = "report"  # of the report, inside the output folder of a run


def report_on(run: RunFolder, target: Path, *, overwrite: bool = False) -> dict[str, Any]:
    """Write the report of an output folder of `classify`, `apply` or `train`.

    Parameters
    ----------
    run : the folder.
    target : folder of the report.
    overwrite : whether files of an earlier report may be replaced.

    Returns
    -------
    dict
        the facts, with the absolute paths of `files`, as `report --json` prints them.

    Raises
    ------
    HsiError
        if a file is missing or has changed, or the target cannot be written; before anything slow.
    """
    if (target / RECORD).exists() and real_path(target) == real_path(run.folder):
        raise ExportError(
            f"{target} holds the record of the run, which the report would replace; choose "
            f"another folder, such as {target / FOLDER}."
        )
    trained = run.trained()
    if trained is not None:
        check_report(target, [], overwrite=overwrite)

        made = write_trained(trained, target, run.token, run)
        return {**trained.facts(), "files": [str(path.absolute()) for path in made]}
    record = run.record()
    sources = [run.cube or record.cube, run.labels or record.labels, run.test or record.test]
    sources += [run.map, None if run.reference is None else str(run.reference), run.strata]
    check_report(target, [s for s in sources if s is not None], overwrite=overwrite)
    mapped = run.mapped_run() if record.model is None else applied_run(run, record, record.model)
    facts, files = write(mapped, target, run.token, run)
    return {**facts, "files": [str(path.absolute()) for path in files]}


def check_report(target: Path, sources: Sequence[str], *, overwrite: bool) -> None:
    """Refuse a folder where a report would replace what exists, or what the job reads.

    Raises
    ------
    ExportError
        for the first such file.
    """
    targets = [target / name for name in (HTML, PDF, JSON, *CSV)]
    check_targets(targets, _existing(sources), overwrite=overwrite)


def check_beside(job: Job, sources: Sequence[str]) -> None:
    """Refuse where the report or the bundle of a job would replace what exists, or is read.

    Raises
    ------
    ExportError
        for the first such file.
    """
    if job.with_report:
        check_report(job.output / FOLDER, sources, overwrite=job.overwrite)
    if job.bundle is not None:
        if job.bundle.suffix.lower() != ".zip":
            raise ExportError(f"{job.bundle}: a bundle is a .zip file; choose such a name.")
        check_targets([job.bundle], _existing(sources), overwrite=job.overwrite)


def write_beside(run: MappedRun, job: Job) -> list[Path]:
    """Write the report and the bundle, as far as a job wants them.

    Raises
    ------
    HsiError
        if the run cannot be assessed, or a file cannot be written.
    """
    if not job.with_report and job.bundle is None:
        return []
    from hsi_viewer.jobs.report.gather import gather
    from hsi_viewer.jobs.report.write import write_report

    report, files = gather(run, job.token, job), []
    if job.with_report:
        files += write_report(report, job.output / FOLDER, job.token, job)
    if job.bundle is not None:
        write_bundle(run, report, job.bundle, job.token, job)
        files.append(job.bundle)
    return files


def _existing(sources: Sequence[str]) -> list[Path]:
    """Paths of the sources that are files."""
    return [path for path, _ in map(split_source, sources) if path.exists()]


def write(
    run: MappedRun, target: Path, token: CancelToken, port: ProgressPort
) -> tuple[dict[str, Any], list[Path]]:
    """Write the report of a run; its facts as JSON has them, and the files.

    Raises
    ------
    HsiError
        if the run cannot be assessed, or the folder cannot be written.
    """
    from hsi_viewer.jobs.report.gather import gather
    from hsi_viewer.jobs.report.write import write_report

    report = gather(run, token, port)
    return facts_record(report.facts), write_report(report, target, token, port)
