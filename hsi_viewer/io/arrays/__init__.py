"""Containers of arrays: NumPy, MATLAB, HDF5, netCDF, Zarr."""
