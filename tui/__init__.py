"""Twindeck: virtual machines on one deck, containers on the other, in one terminal."""

__version__ = "0.1.0"
