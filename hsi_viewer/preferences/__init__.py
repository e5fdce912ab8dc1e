"""What is remembered between scenes: settings, views, the log."""
