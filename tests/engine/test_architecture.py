"""Each claim about what an instance runs on, held against what the host itself says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.engine.domain_kit import ROOT, Environment
from tests.engine.private_engine import image_of

pytestmark = pytest.mark.engine


def run(*argv: str) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def twindeck(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tui", *words],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )


def by_name(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    """The layers of the one stack in what `twindeck architecture --json` printed."""
    (stack,) = json.loads(done.stdout)
    return {layer["layer"]: layer for layer in stack["layers"]}


@pytest.fixture(scope="module")
def image() -> Iterator[str]:
    """Busybox and nothing else, in one layer."""
    tag = f"tw-architecture-{os.getpid()}:1"
    subprocess.run(
        ["docker", "import", "-", tag],
        input=image_of("sh", "sleep", "cat"),
        check=True,
        capture_output=True,
    )
    yield tag
    run("docker", "rmi", tag)


@pytest.fixture(scope="module")
def container(image: str) -> Iterator[str]:
    """A container with a limit and two processes; gives its name."""
    name = f"tw-architecture-{os.getpid()}"
    script = "sleep 600 & while :; do sleep 0.2; done"
    limits = ("--memory", "64m", "--cpus", "0.5", "--network", "none")
    run("docker", "run", "-d", "--name", name, *limits, image, "sh", "-c", script)
    yield name
    run("docker", "rm", "-f", name)


@pytest.fixture(scope="module")
def layers(container: str) -> dict[str, dict[str, Any]]:
    return by_name(twindeck("architecture", f"container:{container}", "--json"))


@pytest.fixture(scope="module")
def pid(container: str) -> int:
    return int(run("docker", "inspect", "-f", "{{.State.Pid}}", container))


def test_its_processes_are_the_hosts(layers: dict[str, dict[str, Any]], pid: int) -> None:
    found = {entry["pid"]: entry["name"] for entry in layers["processes"]["facts"]["processes"]}
    assert found[pid] == Path(f"/proc/{pid}/comm").read_text().strip() == "sh"
    assert "sleep" in found.values()
    assert layers["processes"]["memory_bytes"] > 0


def test_its_namespaces_are_those_that_lsns_tells(
    layers: dict[str, dict[str, Any]], pid: int
) -> None:
    told = run("lsns", "-n", "-r", "-o", "NS,TYPE", "-p", str(pid))
    lsns = {kind: int(inode) for inode, kind in (line.split() for line in told.splitlines())}
    facts = layers["namespaces"]["facts"]
    assert {name: facts["inodes"][name] for name in lsns} == lsns
    host = {name: Path(f"/proc/self/ns/{name}").stat().st_ino for name in lsns}
    own = {name for name in lsns if lsns[name] != host[name]}
    assert own == set(facts["own"]) & set(lsns)
    assert {"mnt", "pid", "net"} <= own


def test_its_control_group_and_limits(layers: dict[str, dict[str, Any]], pid: int) -> None:
    facts = layers["cgroup"]["facts"]
    assert facts["path"] in Path(f"/proc/{pid}/cgroup").read_text()
    assert facts["limits"] == {"memory": "64.0 MiB", "cpu": "0.5 cores"}
    assert layers["cgroup"]["memory_bytes"] > 0


def test_its_image_has_the_layers_that_docker_tells(
    layers: dict[str, dict[str, Any]], image: str
) -> None:
    (told,) = json.loads(run("docker", "image", "inspect", image))
    facts = layers["image-layers"]["facts"]
    assert facts["layers"] == len(told["RootFS"]["Layers"])
    assert facts["size_bytes"] == told["Size"]


def test_its_shim_is_above_it(layers: dict[str, dict[str, Any]], pid: int) -> None:
    names = {e["pid"]: e["name"] for e in layers["container-engine"]["facts"]["processes"]}
    shim = psutil.Process(pid).parent()
    assert shim is not None
    assert names[shim.pid] == "containerd-shim"
    assert "dockerd" in names.values()


def test_it_stands_on_this_hosts_kernel(layers: dict[str, dict[str, Any]], container: str) -> None:
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    inside = run("docker", "exec", container, "cat", "/proc/sys/kernel/random/boot_id").strip()
    assert layers["host-kernel"]["facts"]["boot_id"] == boot_id == inside
    assert layers["host-kernel"]["shared"]
    assert layers["hardware"]["facts"]["memory_bytes"] == psutil.virtual_memory().total


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Environment]:
    """A domain that is only a BIOS."""
    made = Environment(tmp_path / "shop", tmp_path / "home")
    made.make()
    made.start()
    yield made
    made.remove()


def test_a_machines_hypervisor_and_devices(machine: Environment) -> None:
    layers = by_name(machine.run("architecture", f"vm:{machine.name}", "--json"))
    facts = layers["hypervisor"]["facts"]
    (pid,) = [
        p.pid
        for p in psutil.process_iter(["cmdline"])
        if machine.uuid in " ".join(p.info["cmdline"] or ()) and "qemu" in p.name()
    ]
    assert facts["pid"] == pid
    assert facts["threads"] == pytest.approx(psutil.Process(pid).num_threads(), abs=3)
    assert layers["hypervisor"]["memory_bytes"] == pytest.approx(
        psutil.Process(pid).memory_info().rss, rel=0.1
    )
    # Nobody answers in a machine that is only a BIOS.
    assert layers["guest-kernel"]["text"] is None
    assert layers["guest-kernel"]["missing"]


def test_each_layers_command_prints_what_it_says(container: str) -> None:
    done = twindeck("architecture", f"container:{container}", "--proof")
    assert done.stderr == ""
    commands = ("docker top", "docker history", "lsns -p", "cat /proc/", "ps -o", "lscpu")
    assert [c for c in commands if f"$ {c}" not in done.stdout] == []
