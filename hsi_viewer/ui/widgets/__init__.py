"""Panels that know core only; the controllers bind them to a document."""
