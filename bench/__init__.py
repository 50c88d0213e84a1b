"""Twindeck measured beside its peers, as whole commands in a terminal."""
