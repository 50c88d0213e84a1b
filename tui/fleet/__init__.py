"""The one source of truth: merges sides and meters into snapshots; knows nothing of any screen."""
