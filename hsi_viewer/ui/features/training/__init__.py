"""Training, its runs and the accuracy."""
