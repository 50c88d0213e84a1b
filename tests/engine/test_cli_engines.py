"""The command line on the real engines: what it prints agrees with docker and vagrant."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.engine.project_kit import PAGE, PAGE_TEXT, ROOT, make_project
from tui.units import seconds

pytestmark = pytest.mark.engine

BOOT_SECONDS = 600
DOCKER_STATES = {"exited": "stopped"}
VAGRANT_STATES = {"shutoff": "stopped", "not_created": "absent"}
Figures = dict[str, Any]


def run(*argv: str, cwd: Path = ROOT) -> str:
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@dataclass(frozen=True)
class Deck:
    """A project and a history of its own, so that the test meets no machine of another."""

    project: Path
    name: str
    data: Path
    container_port: int
    vm_port: int

    def twindeck(self, *words: str, within: float = 60) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tui", "--project", str(self.project), *words],
            cwd=ROOT,
            env={**os.environ, "TWINDECK_DATA": str(self.data)},
            capture_output=True,
            text=True,
            timeout=within,
        )

    def rows(self) -> list[Figures]:
        done = self.twindeck("ls", "--json")
        assert done.returncode == 0, done.stderr
        rows: list[Figures] = json.loads(done.stdout)
        return rows

    def state(self, side: str) -> str:
        rows = [r for r in self.rows() if (r["side"], r["name"]) == (side, self.name)]
        assert len(rows) == 1
        return str(rows[0]["state"])

    def vagrant_state(self) -> str:
        text = run("vagrant", "status", "--machine-readable", cwd=self.project)
        fields = (line.split(",") for line in text.splitlines())
        state = next(f[3] for f in fields if f[1:3] == [self.name, "state"])
        return VAGRANT_STATES.get(state, state)


@pytest.fixture(scope="module")
def deck(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deck]:
    folder = tmp_path_factory.mktemp("cli")
    project = folder / f"twtest{uuid.uuid4().hex[:6]}"
    name = project.name
    workload = make_project(project, PAGE, name)
    ports = workload.container_port, workload.vm_port
    made = Deck(project, name, folder / "data", *ports)
    yield made
    left = made.twindeck("destroy", "--yes", f"vm:{name}", f"container:{name}", within=300)
    subprocess.run(["docker", "rmi", f"twindeck/{name}"], capture_output=True, timeout=60)
    assert left.returncode == 0, left.stderr


@pytest.fixture
def containers(base_image: str) -> Iterator[list[str]]:
    """Containers in four states, by name; removed afterwards."""
    stem = f"twtest-{uuid.uuid4().hex[:8]}"
    names = [f"{stem}-{state}" for state in ("running", "paused", "exited", "created")]
    loop = ("sh", "-c", "echo hello; while :; do sleep 0.2; done")
    try:
        for name in names[:3]:
            run("docker", "run", "-d", "--init", "--name", name, base_image, *loop)
        run("docker", "create", "--name", names[3], base_image, *loop)
        run("docker", "pause", names[1])
        run("docker", "kill", names[2])
        yield names
    finally:
        run("docker", "rm", "-fv", *names)


def docker_rows(names: list[str]) -> dict[str, tuple[str, str, str]]:
    """Name -> id, state and image as `docker ps -a` has them."""
    form = "{{.Names}}\t{{.ID}}\t{{.State}}\t{{.Image}}"
    lines = run("docker", "ps", "-a", "--no-trunc", "--format", form).splitlines()
    rows = {name: (key, state, image) for name, key, state, image in map(_tabs, lines)}
    return {name: rows[name] for name in names}


def _tabs(line: str) -> list[str]:
    return line.split("\t")


def test_ls_agrees_with_docker_ps(deck: Deck, containers: list[str]) -> None:
    ours = {
        r["name"]: (r["id"], r["state"], r["image"])
        for r in deck.rows()
        if r["side"] == "container" and r["name"] in containers
    }
    assert ours == {
        name: (key, DOCKER_STATES.get(state, state), image)
        for name, (key, state, image) in docker_rows(containers).items()
    }


def test_ls_names_every_container_there_is(deck: Deck, containers: list[str]) -> None:
    # Others may come and go meanwhile: what docker has before and after, we have.
    names = ("docker", "ps", "-a", "--format", "{{.Names}}")
    before = set(run(*names).split())
    ours = {r["name"] for r in deck.rows() if r["side"] == "container" and r["state"] != "absent"}
    after = set(run(*names).split())
    assert before & after <= ours <= before | after
    assert set(containers) <= ours


def test_times_are_those_of_the_engine(deck: Deck, containers: list[str]) -> None:
    name = containers[0]
    told = run("docker", "inspect", "-f", "{{.State.StartedAt}}", name).strip()
    row = next(r for r in deck.rows() if r["name"] == name)
    ours, theirs = (datetime.fromisoformat(text) for text in (row["started_at"], told[:26] + "Z"))
    assert abs((ours - theirs).total_seconds()) < 0.002


def test_verbs_do_what_docker_then_says(deck: Deck, containers: list[str]) -> None:
    running, paused, exited, created = containers

    def state(name: str) -> str:
        return docker_rows([name])[name][1]

    steps = (
        ("stop", running, "exited"),
        ("start", created, "running"),
        ("resume", paused, "running"),
        ("pause", paused, "paused"),
        ("restart", exited, "running"),
        ("kill", exited, "exited"),
    )
    for verb, name, expected in steps:
        done = deck.twindeck(verb, name)
        assert done.returncode == 0, done.stderr
        assert state(name) == expected, verb
        word = {"resume": "unpause", "restart": "start"}.get(verb, verb)
        assert f"container:{name}: $ docker {word} {name}" in done.stderr
    boots = json.loads(deck.twindeck("boots", created, "--json").stdout)
    assert len(boots) == 1
    assert abs(sum(p["seconds"] for p in boots[0]["phases"]) - boots[0]["total_seconds"]) < 1e-6
    refused = deck.twindeck("destroy", running)
    assert (refused.returncode, state(running)) == (2, "exited")
    assert deck.twindeck("destroy", "--yes", running).returncode == 0
    assert running not in run("docker", "ps", "-a", "--format", "{{.Names}}").split()
    run(
        "docker",
        "create",
        "--name",
        running,
        "--entrypoint",
        "true",
        docker_rows([paused])[paused][2],
    )


def test_logs_inspect_and_stats_of_a_container(deck: Deck, containers: list[str]) -> None:
    name = containers[0]
    assert deck.twindeck("logs", name).stdout == "hello\n"
    key = docker_rows([name])[name][0]
    assert json.loads(deck.twindeck("inspect", name).stdout)["Id"] == key
    done = deck.twindeck("stats", name, "--json", "--count", "2", "--interval", "0.5")
    assert done.returncode == 0, done.stderr
    samples = [json.loads(line) for line in done.stdout.splitlines()]
    assert [s["name"] for s in samples] == [name, name]
    assert all(s["memory_bytes"] > 0 and 0 <= s["cpu_percent"] < 100 for s in samples)
    first, second = (datetime.fromisoformat(s["time"]) for s in samples)
    assert 0.3 < (second - first).total_seconds() < 5


def test_both_samplers_give_the_same_memory(deck: Deck, containers: list[str]) -> None:
    name = containers[0]
    found = {}
    for sampler in ("cgroup", "engine"):
        words = ("--sampler", sampler, "stats", name, "--json", "--count", "2")
        done = deck.twindeck(*words)
        assert done.returncode == 0, done.stderr
        found[sampler] = json.loads(done.stdout.splitlines()[-1])["memory_bytes"]
    # Each core keeps 64 pages in stock for a cgroup (the kernel's MEMCG_CHARGE_BATCH), and the two
    # are read a second apart.
    stock = 64 * os.sysconf("SC_PAGE_SIZE") * (os.cpu_count() or 1)
    assert found["engine"] == pytest.approx(found["cgroup"], rel=0.1, abs=stock)


def test_looking_loads_no_screen(deck: Deck) -> None:
    code = (
        "import sys; from tui.cli import cli\n"
        "try: cli.main(sys.argv[1:])\n"
        "except SystemExit as end: print(end.code, file=sys.stderr)\n"
        "print(sorted({'plotext', 'textual', 'rich'} & set(sys.modules)), file=sys.stderr)\n"
    )
    argv = [sys.executable, "-c", code, "--project", str(deck.project), "ls", "--json"]
    env = {**os.environ, "TWINDECK_DATA": str(deck.data)}
    done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert done.stderr.splitlines() == ["0", "[]"]


def test_without_engines_each_side_says_why(deck: Deck, tmp_path: Path) -> None:
    env = {
        **os.environ,
        "TWINDECK_DATA": str(deck.data),
        "DOCKER_HOST": f"unix://{tmp_path}/none.sock",
        "PATH": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-m", "tui", "--project", str(deck.project), "ls", "--json"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert json.loads(done.stdout) == []
    vm, container = done.stderr.splitlines()
    assert vm.startswith("twindeck: vm side: ")
    assert container.startswith("twindeck: container side: ")
    assert " → " in vm
    assert " → " in container


def answers(port: int) -> bool:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20) as page:
        return PAGE_TEXT.encode() in page.read()


def test_a_workload_on_both_sides_from_up_to_destroy(deck: Deck) -> None:
    assert deck.vagrant_state() == deck.state("vm") == "absent"
    began = time.time()
    up = deck.twindeck("up", deck.name, "--json", within=BOOT_SECONDS)
    assert up.returncode == 0, up.stderr
    assert answers(deck.container_port)
    assert answers(deck.vm_port)
    assert deck.vagrant_state() == deck.state("vm") == "running"
    assert deck.state("container") == "running"

    boots = {b["side"]: b for b in json.loads(deck.twindeck("boots", deck.name, "--json").stdout)}
    for job in json.loads(up.stdout):
        boot = boots[job["side"]]
        assert boot["answered"]
        assert boot["workload"] == deck.name
        # The workload may answer before the engine's own command is done.
        assert job["seconds"] >= boot["total_seconds"] > 0
        assert f"{job['side']}:{deck.name}: up after {seconds(boot['total_seconds'])}" in up.stderr
        assert abs(datetime.fromisoformat(boot["started_at"]).timestamp() - began) < 15
    assert boots["vm"]["accelerator"] in ("kvm", "tcg", "virtualbox")
    assert boots["container"]["accelerator"] is None
    assert boots["container"]["total_seconds"] < boots["vm"]["total_seconds"]

    names = (f"vm:{deck.name}", f"container:{deck.name}")
    done = deck.twindeck("stats", *names, "--json", "--count", "1")
    kinds = {s["side"]: s["memory_kind"] for s in map(json.loads, done.stdout.splitlines())}
    assert kinds == {"vm": "host-rss", "container": "docker-stats"}

    ambiguous = deck.twindeck("stop", deck.name)
    assert ambiguous.returncode == 2
    assert deck.twindeck("stop", *names, within=300).returncode == 0
    assert deck.vagrant_state() == deck.state("vm") == deck.state("container") == "stopped"
    done = deck.twindeck("destroy", "--yes", *names, within=300)
    assert done.returncode == 0, done.stderr
    assert deck.vagrant_state() == deck.state("vm") == deck.state("container") == "absent"
