"""Bundles: a class map in one file with all that is needed to make it again."""
