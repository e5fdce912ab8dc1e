"""The open document and its storage, without Qt."""
