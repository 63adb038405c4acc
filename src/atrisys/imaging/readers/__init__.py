"""One room for each kind of scanner file; what they share is one floor down, in `imaging/`."""
