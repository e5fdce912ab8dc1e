"""Reports of runs as files: checked before anything slow, written at the end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hsi_viewer.core.errors import ExportError
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.io.files.identify import split_source
from hsi_viewer.jobs.after_map import check_targets
from hsi_viewer.jobs.report.names import CSV, HTML, JSON, PDF
from hsi_viewer.jobs.run_folder import RECORD, RunFolder

if TYPE_CHECKING:
    from hsi_viewer.jobs.mapped_run import MappedRun

FOLDER = "report"  # of the report, inside the output folder of a run


def report_on(run: RunFolder, target: Path, *, overwrite: bool = False) -> dict[str, Any]:
    """Write the report of an output folder of `classify`.

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
    if (target / RECORD).exists() and target.resolve() == run.folder.resolve():
        raise ExportError(
            f"{target} holds the record of the run, which the report would replace; choose "
            f"another folder, such as {target / FOLDER}."
        )
    record = run.record()
    sources = [run.cube or record.cube, run.labels or record.labels, run.test or record.test]
    check_report(target, [s for s in sources if s is not None], overwrite=overwrite)
    mapped = run.mapped_run()
    facts, files = write(mapped, target, run.token, run)
    return {**facts, "files": [str(path.absolute()) for path in files]}


def check_report(target: Path, sources: list[str], *, overwrite: bool) -> None:
    """Refuse a folder where a report would replace what exists, or what the job reads.

    Raises
    ------
    ExportError
        for the first such file.
    """
    paths = [split_source(source)[0] for source in sources]
    targets = [target / name for name in (HTML, PDF, JSON, *CSV)]
    check_targets(targets, [path for path in paths if path.exists()], overwrite=overwrite)


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
    from hsi_viewer.jobs.report.record import facts_record
    from hsi_viewer.jobs.report.write import write_report

    report = gather(run, token, port)
    return facts_record(report.facts), write_report(report, target, token, port)
