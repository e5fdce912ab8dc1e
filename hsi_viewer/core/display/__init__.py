"""Composites, stretches and layers of a scene."""
