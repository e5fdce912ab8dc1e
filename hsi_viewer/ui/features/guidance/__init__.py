"""Guidance: where to label next, and which labels may be wrong."""
