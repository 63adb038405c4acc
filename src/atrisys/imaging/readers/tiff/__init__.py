"""Tiled TIFF and what is built on it: Aperio SVS, pyramids, OME-TIFF.

`layout` (with `aperio` and `ome`) finds levels, planes and facts in the file's tables, through tifffile, in a worker;
`tables` is what the server's own process needs to know of them; `stored` reads and decodes plain JPEG tiles there;
`whole` reads everything else, in a worker again.
"""
