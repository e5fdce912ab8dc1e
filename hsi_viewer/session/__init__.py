"""One open cube with its labels, models and results; no Qt."""
