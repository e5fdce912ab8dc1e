"""Whole jobs that the command line and the window both run."""
