"""For all tests: a property is about values, not about how busy the host is."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("any host", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any host")
