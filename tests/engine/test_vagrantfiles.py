"""Vagrantfiles of all kinds as the real vagrant reads them, and domains that no Vagrant made."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.tmux.terminal import TWINDECK

pytestmark = pytest.mark.engine

Row = dict[str, object]
Ls = Callable[..., dict[str, Row]]


@pytest.fixture
def ls(tmp_path: Path) -> Ls:
    """Name -> row of the VMs that are listed with these folders named, from the first one."""

    def ls(*folders: Path) -> dict[str, Row]:
        named = [word for folder in folders[1:] for word in ("--vagrant", str(folder))]
        done = subprocess.run(
            [str(TWINDECK), *named, "ls", "--on", "vm", "--json"],
            cwd=folders[0],
            env={**os.environ, "TWINDECK_DATA": str(tmp_path / "data")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        rows = json.loads(done.stdout)
        return {row["name"]: row for row in rows if str(row["group"]).startswith(str(tmp_path))}

    return ls


@pytest.fixture
def make(tmp_path: Path) -> Callable[[str, str], Path]:
    """A folder of that name with that Vagrantfile."""

    def make(name: str, text: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "Vagrantfile").write_text(text, encoding="utf-8")
        return folder

    return make


DEFINE = 'Vagrant.configure("2") do |c|\n  c.vm.box = "x"\n  %s\nend\n'


def test_what_vagrant_reads_is_what_is_listed(ls: Ls, make: Callable[[str, str], Path]) -> None:
    names = ["Web.One", "two words", "käse", "a,b"]
    odd = make("odd", DEFINE % f"{json.dumps(names)}.each {{ |n| c.vm.define n }}")
    farm = make("farm", DEFINE % '300.times { |n| c.vm.define "node-#{n}" }')
    bare = make("bare", DEFINE % "")
    lower = make("lower", "")
    (lower / "Vagrantfile").rename(lower / "vagrantfile")
    (lower / "vagrantfile").write_text(DEFINE % 'c.vm.define "low"')
    broken = make("broken", 'Vagrant.configure("2") do |c|\n  c.vm.define "a" do |m\nend\n')
    raised = make("raised", DEFINE % 'raise "no such thing"')
    above = make("above", "x = 1\nfoo.bar\n")
    rows = ls(odd, farm, bare, lower, broken, raised, above)

    assert {name for name in rows if name.startswith("odd/")} == {f"odd/{n}" for n in names}
    assert sum(name.startswith("farm/") for name in rows) == 300
    assert rows["bare/default"]["state"] == rows["lower/low"]["state"] == "absent"
    for folder, why in (
        ("broken", "line 3: syntax error, unexpected `end'"),
        ("raised", "line 3: no such thing"),
        ("above", "NameError: undefined local variable or method `foo'"),
    ):
        row = rows[f"{folder}/Vagrantfile"]
        assert (row["state"], row["is_vagrantfile"]) == ("unknown", True)
        assert why in str(row["note"])
    # Who only looks leaves nothing behind.
    assert [path.name for path in odd.iterdir()] == ["Vagrantfile"]


@pytest.fixture
def desktop(tmp_path: Path) -> Iterator[str]:
    """A domain that is only a BIOS, defined as virt-manager would; gives its name."""
    name = f"tw desk {uuid.uuid4().hex[:6]}"
    file = tmp_path / "domain.xml"
    file.write_text(
        f"<domain type='qemu'><name>{name}</name><memory unit='MiB'>32</memory>"
        "<os><type arch='x86_64'>hvm</type></os>"
        "<devices><serial type='pty'/><console type='pty'/></devices></domain>"
    )
    virsh("define", str(file))
    yield name
    for words in (("destroy", name), ("managedsave-remove", name), ("undefine", name)):
        subprocess.run(["virsh", "-q", "-c", "qemu:///system", *words], capture_output=True)


def virsh(*words: str) -> str:
    done = subprocess.run(
        ["virsh", "-q", "-c", "qemu:///system", *words], check=True, capture_output=True, text=True
    )
    return done.stdout


def test_a_domain_that_no_vagrant_made_is_listed_and_acted_on_through_libvirt(
    desktop: str, tmp_path: Path
) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(TWINDECK), *words],
            cwd=tmp_path,
            env={**os.environ, "TWINDECK_DATA": str(tmp_path / "data")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )

    name = f"libvirt/{desktop}"

    def row() -> Row:
        rows = json.loads(run("ls", "--on", "vm", "--json").stdout)
        found: Row = next(row for row in rows if row["name"] == name)
        return found

    assert (row()["state"], row()["owner"], row()["group"]) == ("stopped", "libvirt", "libvirt")
    for verb, state in (
        ("start", "running"),
        ("pause", "paused"),
        ("start", "running"),
        ("kill", "stopped"),
    ):
        done = run(verb, name)
        assert done.returncode == 0, done.stderr
        assert row()["state"] == state

    run("start", name)
    virsh("managedsave", desktop)
    assert row()["state"] == "suspended"
    assert run("resume", name).returncode == 0
    assert virsh("domstate", desktop).strip() == "running"

    refused = run("destroy", "--yes", name)
    assert refused.returncode == 1
    assert "it is of libvirt, and only who made it knows what goes with it" in refused.stderr
    assert virsh("domstate", desktop).strip() == "running"
