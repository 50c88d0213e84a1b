"""One module a side, behind one protocol."""
