"""Classes, tools, selection and label files."""
