"""Readers and writers, one folder for each kind of file."""
