"""The hyperspectral cube: values, metadata, georeference."""
