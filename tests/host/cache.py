"""Packages kept between runs, only to be quicker: without any, the guest fetches all itself."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

from platformdirs import user_cache_path

from tests.host.guest import Guest
from tests.host.record import Record

ROOT = Path(__file__).parents[2]
GUEST_PYTHON = "3.11"
WHEELS = "/home/vagrant/wheels"
_ARCHIVES = "/var/cache/apt/archives"
_DOWNLOAD_SECONDS = 600.0


class Cache:
    """Python's wheels, got by this host's pip, and the Debian packages that a guest fetched."""

    def __init__(self, record: Record) -> None:
        self._record = record
        folder = user_cache_path("twindeck", appauthor=False) / "test-host"
        self._wheels, self._archives = folder / "wheels", folder / "apt"
        for path in (self._wheels, self._archives):
            path.mkdir(parents=True, exist_ok=True)

    def give(self, guest: Guest) -> str:
        """Copy all in; the shell's words that point the guest's pip at it. Raises Failed."""
        guest.send(self._archives, _ARCHIVES)
        if not self._download():
            self._record.say("this host's pip gets no wheels: the guest gets its own")
            return ""
        guest.send(self._wheels, WHEELS)
        return f"export PIP_NO_INDEX=1 PIP_FIND_LINKS={WHEELS}\n"

    def take(self, guest: Guest) -> None:
        """Keep the Debian packages that the guest has fetched. Raises Failed."""
        guest.fetch(_ARCHIVES, self._archives, "*.deb")

    def _download(self) -> bool:
        about = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        project = about["project"]
        wanted = [*about["build-system"]["requires"], "editables", *project["dependencies"]]
        wanted += project["optional-dependencies"]["dev"]
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:"]
        pip += ["--python-version", GUEST_PYTHON, "--dest", str(self._wheels)]
        try:
            done = subprocess.run(
                [*pip, *wanted],
                stdin=subprocess.DEVNULL,
                stdout=self._record.log,
                stderr=self._record.log,
                timeout=_DOWNLOAD_SECONDS,
            )
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0
