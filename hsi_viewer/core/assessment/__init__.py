"""Accuracy of class maps, their comparison, and separability of classes."""
