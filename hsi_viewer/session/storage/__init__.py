"""Storage on disk: journal, session files, runs, locks."""
