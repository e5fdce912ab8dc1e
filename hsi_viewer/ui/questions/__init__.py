"""Questions about one place after another, each answered by a key or a click."""
