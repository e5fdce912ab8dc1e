"""Finds the header that a raw image should have had."""
