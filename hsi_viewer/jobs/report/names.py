"""Names of the files of a report."""

HTML, PDF, JSON = "report.html", "report.pdf", "report.json"
CSV = (
    "classes.csv",
    "class_spectra.csv",
    "training.csv",
    "accuracy_separated.csv",
    "confusion_separated.csv",
    "accuracy_random.csv",
    "confusion_random.csv",
    "areas.csv",  # only with reference points
)
