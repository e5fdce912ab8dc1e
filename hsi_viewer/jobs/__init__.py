"""Whole jobs, run by the command line and the window."""
