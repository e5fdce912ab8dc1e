"""What is kept on disk: journal, session files, runs, locks."""
