"""Classes, label maps and their history."""
