"""The lab's SSH goes to the VM it saw first, whoever is given its address later."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Event

import pytest

from tui.lab.arms import Guest
from tui.sides.vagrant_index import Entry

_SSH = """#!/bin/sh
printf '%s\\n' "$@" >> {log}
echo key > {known}
"""


@pytest.fixture
def guest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Guest:
    for name, script in (
        ("vagrant", "#!/bin/sh\necho Host lab-web\n"),
        ("ssh", _SSH.format(log=tmp_path / "log", known=tmp_path / "run" / "known_hosts")),
    ):
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    entry = Entry("lab-web", "libvirt", tmp_path, tmp_path / ".vagrant")
    return Guest(entry, tmp_path / "run", Event())


def test_a_host_key_is_kept_until_the_vm_is_removed(guest: Guest, tmp_path: Path) -> None:
    guest.run(("true",), timeout_seconds=10)
    told = (tmp_path / "log").read_text().splitlines()
    assert f"UserKnownHostsFile={tmp_path}/run/known_hosts" in told
    assert "StrictHostKeyChecking=accept-new" in told
    # Not by its address, which a boot may change and another VM may get.
    assert "HostKeyAlias=lab-web" in told
    guest.hang_up()
    assert (tmp_path / "run" / "known_hosts").exists()
    guest.forget()
    assert not (tmp_path / "run" / "known_hosts").exists()
