"""Raw images without an ENVI header: ESRI, ERDAS, AVIRIS."""
