"""Training data: plain records in, files out. Nothing here knows a database, a user or a setting."""
