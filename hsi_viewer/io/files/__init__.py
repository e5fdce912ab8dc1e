"""Bytes, text, signatures, and what a reader is asked for."""
