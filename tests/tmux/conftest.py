"""What the terminal tests share with those of the engines."""

from __future__ import annotations

from tests.engine.conftest import base_image

__all__ = ["base_image"]
