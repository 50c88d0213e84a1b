"""Vagrant: what its command says, and whose machines there are."""
