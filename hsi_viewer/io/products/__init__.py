"""Products of sensors, and scenes that come with the application."""
