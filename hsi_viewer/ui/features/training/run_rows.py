"""Rows of the Runs panel: the facts that each run is listed with."""

from __future__ import annotations

from collections.abc import Mapping

from hsi_viewer.session.storage.lock_file import local_time
from hsi_viewer.session.storage.training_runs import Run
from hsi_viewer.ui.widgets.runs_panel import RunRow


def row_of(run: Run) -> RunRow:
    """The row of a run; its tool tip has the settings and every figure."""
    facts = [f"Trained {local_time(run.time)}", run.source]
    facts.append(f"{run.labelled:,} labelled pixels, {run.seconds:.1f} s")
    facts += [
        f"{k}: {v}"
        for k, v in run.config.items()
        if v is not None and not isinstance(v, dict | list)
    ]
    for own, of in ((run.accuracy, "test pixels"), (run.honest, "labels on separate places")):
        if own is not None:
            facts.append(_figure(own, of))
    shown = run.accuracy or run.honest
    overall = None if shown is None else shown.get("overall")
    on_test = run.accuracy is not None
    tip = "\n".join(facts)
    return RunRow(run.id, run.title, overall, run.labelled, run.seconds, tip, on_test=on_test)


def _figure(figures: Mapping[str, float], of: str) -> str:
    overall, total = figures.get("overall", float("nan")), figures.get("total", 0.0)
    text = f"{100 * overall:.1f} % of {total:,.0f} {of} are right"
    low, high = figures.get("low"), figures.get("high")
    if low is not None and high is not None:
        text += f", 95 % interval {100 * low:.1f} to {100 * high:.1f} %"
    return text
