"""Checks of what this host needs, and the builders that provide it."""
