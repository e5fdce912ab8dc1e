"""Opening scenes, repairing headers, editing metadata."""
