"""Shapes: read, write, check and mend, measure, simplify, turn from one frame to another."""
