"""Run by zarr-python 2, without this package: write an array's floats to a file."""

import sys

import zarr

assert zarr.__version__.startswith("2."), zarr.__version__
array = zarr.open(sys.argv[1], mode="r")
assert array.attrs["codec_name"] == "photon"
array[:].astype("<f8").tofile(sys.argv[2])
