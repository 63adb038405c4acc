"""Who may do what: tables of deeds as data, the worlds that they are tried in, and how each cell is tried."""
