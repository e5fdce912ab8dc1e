"""Panels that know core only; the features bind them to a document."""
