"""Guidance: where a label helps most, and which labels are wrong."""
