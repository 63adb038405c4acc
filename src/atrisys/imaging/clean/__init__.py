"""Slides without what may name somebody. Runs in workers alone; `imaging/deidentify.py` asks.

`findings` is what is looked for and told; `tiff_map` reads a TIFF's tables as they lie; `tiff` and `dicom` survey a
slide and write it anew from its tiles and from numbers alone; `verify` looks at what was written.
"""
