"""The advisor: which of VM, container and what lies between fits, and why.

A chart of questions (`*.toml`) is read by `chart`, answers are weighed by `decide`, and what this
host measured comes in by `evidence`. Knows no screen and no command line.
"""
