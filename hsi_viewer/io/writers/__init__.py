"""Cubes and parts of cubes, written."""
