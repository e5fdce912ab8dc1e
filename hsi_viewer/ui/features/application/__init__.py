"""Help, messages, preferences, panels: what is not about a scene."""
