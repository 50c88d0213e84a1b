"""A user's host, as a guest: what `make test-host` boots, and what it does there."""
