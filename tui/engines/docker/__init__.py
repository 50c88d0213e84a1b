"""The Docker Engine: which one is meant, the way to it, and its faults in plain words."""
