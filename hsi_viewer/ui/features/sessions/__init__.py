"""Undo, sessions, projects, notes and recovery."""
