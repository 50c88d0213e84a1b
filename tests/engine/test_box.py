"""The box, built for real from the distribution's packages; that it boots is test_machines.py's."""

from __future__ import annotations

import json
import subprocess
import tarfile
from pathlib import Path

import pytest

from tui.setup.box import DISK_GIB, build_box
from tui.setup.host import Host

pytestmark = pytest.mark.engine


def test_box_is_whole_and_not_built_twice(tmp_path: Path) -> None:
    host, said = Host(), list[str]()
    # What an interrupted run leaves behind.
    (tmp_path / "disk.raw.part").write_bytes(b"half")
    box = build_box(host, tmp_path, said.append)
    with tarfile.open(box) as archive:
        assert sorted(archive.getnames()) == ["Vagrantfile", "box.img", "metadata.json"]
    (tmp_path / "out").mkdir()
    # Debian 12's Python has no extraction filter yet.
    subprocess.run(["tar", "-xf", str(box), "-C", str(tmp_path / "out")], check=True)
    metadata = json.loads((tmp_path / "out" / "metadata.json").read_text())
    assert metadata == {"provider": "libvirt", "format": "qcow2", "virtual_size": DISK_GIB}
    image = tmp_path / "out" / "box.img"
    subprocess.run(["qemu-img", "check", "-q", str(image)], check=True)
    about = json.loads(
        subprocess.run(
            ["qemu-img", "info", "--output=json", str(image)], check=True, capture_output=True
        ).stdout
    )
    assert about["virtual-size"] == DISK_GIB << 30
    assert any("I: success" in line for line in said), said
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", box.name]
    said.clear()
    assert build_box(host, tmp_path, said.append) == box
    assert said == [f"box already built: {box}"]
