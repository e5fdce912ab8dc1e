"""An example of plug-ins for HSI Viewer: a format, a classifier and a panel."""
