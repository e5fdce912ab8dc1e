"""Settings, views and the log: all that is remembered between scenes."""
