"""One controller for each part of the job: open, view, label, train, export."""
