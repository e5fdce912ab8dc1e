"""Help, messages, preferences and panels."""
