"""Corrections that are kept beside a scene."""
