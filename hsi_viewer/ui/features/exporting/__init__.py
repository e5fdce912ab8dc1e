"""Maps and figures that leave the application."""
