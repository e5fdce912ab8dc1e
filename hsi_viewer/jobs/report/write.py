"""Writes a report into a folder: HTML, PDF, JSON and CSV."""

from __future__ import annotations

import json
from pathlib import Path

from hsi_viewer.atomic import replacing
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort, SilentPort
from hsi_viewer.jobs.job_folder import output_folder
from hsi_viewer.jobs.report.gather import Report
from hsi_viewer.jobs.report.names import HTML, JSON, PDF
from hsi_viewer.jobs.report.record import facts_record
from hsi_viewer.jobs.report.tables import csv_tables


def write_report(
    report: Report,
    folder: Path,
    token: CancelToken | None = None,
    port: ProgressPort | None = None,
) -> list[Path]:
    """Write the report, each file whole or not at all; imports matplotlib.

    Parameters
    ----------
    folder : made if it is not there; on any error it goes again, if it is empty.
    token : checked before each file.
    port : takes `Progress`.

    Returns
    -------
    list of Path
        the files, HTML first.

    Raises
    ------
    ExportError
        if a file cannot be written; an old one stays unchanged.
    """
    token, port = token or CancelToken(), port or SilentPort()
    port.report(Progress("Writing the report"))
    token.check()
    with output_folder(folder):
        return _write(report, folder, token)


def _write(report: Report, folder: Path, token: CancelToken) -> list[Path]:
    from hsi_viewer.jobs.report.html import html_page
    from hsi_viewer.jobs.report.pdf import write_pdf

    written = [folder / HTML, folder / PDF, folder / JSON]
    with replacing(written[0]) as (new,):
        new.write_text(html_page(report), encoding="utf-8")
    token.check()
    with replacing(written[1]) as (new,):
        write_pdf(report, new)
    token.check()
    with replacing(written[2]) as (new,):
        record = json.dumps(facts_record(report.facts), indent=2, allow_nan=False)
        new.write_text(f"{record}\n", encoding="utf-8")
    for name, text in csv_tables(report.facts).items():
        with replacing(folder / name) as (new,):
            new.write_text(text, encoding="utf-8")
        written.append(folder / name)
    return written
