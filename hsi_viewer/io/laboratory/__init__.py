"""Scans of laboratory cameras, which lie beside their white and dark references."""
