"""Pixels, boxes, brushes, shapes and connected regions."""
