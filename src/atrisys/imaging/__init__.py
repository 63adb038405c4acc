"""Pixels: slides read, scaled, cut and encoded. Knows no users, no database, no settings."""
