"""ATrISys: whole-slide images, annotations and training sets, with Cytomine's API."""

__version__ = "0.1.0"
