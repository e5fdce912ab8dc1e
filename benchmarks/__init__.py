"""Accuracy and speed, each a runnable module that writes a table."""
