"""Three engines on one host, each with a container `web`: a Docker context, Podman, rootless.

Each is found, used by its name, measured as its own command measures it, and kept apart.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any, Protocol

import pytest

from tests.engine.private_engine import image_of, private_engine, private_podman
from tests.engine.project_kit import ROOT
from tests.engine.rootless_engine import rootless_engine
from tests.tmux.terminal import Terminal
from tests.unit.test_docker_endpoint import context_key, meta_of, write_context
from tests.unit.test_fleet import until
from tui.engines.docker.resolver import Resolver
from tui.fleet.build import open_fleet
from tui.fleet.fleet import Fleet
from tui.meters.engine_api import UNCOUNTED
from tui.model import State, Verb

pytestmark = pytest.mark.engine

WEB = "container:web"
NAMES = ("prod", "podman", "rootless")
WORK = (
    # In memory, in the file cache, and a fifth of a core.
    "dd if=/dev/zero of=/dev/shm/held bs=1M count=30; dd if=/dev/zero of=/written bs=1M count=20; "
    "echo ready; while :; do :; done"
)
SPAN_SECONDS = 4
CPU_TOLERANCE, MEMORY_TOLERANCE = 4.0, 0.05
"""Points of per cent: the two look at moments a second apart. Share of the memory."""


class Engine(Protocol):
    """What the three have in common."""

    host: str

    def docker(self, *words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]: ...


@dataclass(frozen=True)
class Three:
    """The engines by the names they go by, and the environment in which they do."""

    by_name: Mapping[str, Engine]
    env: Mapping[str, str]
    podman: tuple[str, ...]
    """The podman command on its storage."""

    def twindeck(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tui", *words],
            cwd=ROOT,
            env={**os.environ, **self.env, **env},
            capture_output=True,
            text=True,
            timeout=120,
        )

    def id_of(self, name: str) -> str:
        done = self.by_name[name].docker("ps", "-aq", "--no-trunc", "--filter", "name=web")
        return done.stdout.decode().strip()

    def state_of(self, name: str) -> str:
        done = self.by_name[name].docker("inspect", "-f", "{{.State.Status}}", self.id_of(name))
        return done.stdout.decode().strip()


def start(engine: Engine, image: str, *limits: str) -> None:
    done = engine.docker(
        *("run", "-d", "--network", "none", *limits, "--name", "web", image, "/bin/sh", "-c", WORK)
    )
    assert done.returncode == 0, done.stderr
    until(lambda: b"ready" in engine.docker("logs", "web").stdout, 60)


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Three]:
    folder = tmp_path_factory.mktemp("engines")
    image = image_of("busybox", "sh", "sleep", "dd")
    few = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096", "--cpus", "0.2")
    with private_engine() as prod, private_podman() as podman, rootless_engine() as rootless:
        for engine in (prod, podman):
            assert engine.docker("import", "-", "twtest:1", stdin=image).returncode == 0
        start(prod, "twtest:1", "--cpus", "0.2")
        start(podman, "twtest:1", *few)
        start(rootless, "twtest:1")
        # As a login of that user has it; Podman's own socket is linked to its place there.
        (rootless.runtime / "podman").mkdir()
        (rootless.runtime / "podman" / "podman.sock").symlink_to(
            podman.host.removeprefix("unix://")
        )
        write_context(folder, "prod", {**meta_of(prod.host), "Name": "prod"})
        env = {
            "DOCKER_CONFIG": str(folder),
            "XDG_RUNTIME_DIR": str(rootless.runtime),
            "TWINDECK_DATA": str(folder / "data"),
        }
        data = Path(podman.host.removeprefix("unix://")).parent
        command = ("podman", "--root", f"{data}/root", "--runroot", f"{data}/run")
        engines = {"prod": prod, "podman": podman, "rootless": rootless}
        yield Three(engines, env, (*command, "--storage-driver", "vfs"))


def test_all_three_are_found_without_being_asked(three: Three) -> None:
    done = three.twindeck("engines", "--json")
    found = {one["name"]: one for one in json.loads(done.stdout)}
    assert {name: found[name]["usable"] for name in NAMES} == dict.fromkeys(NAMES, True)
    assert found["prod"]["url"] == three.by_name["prod"].host
    assert found["rootless"]["url"] == three.by_name["rootless"].host
    assert found["prod"]["context"] == "prod"


@pytest.mark.parametrize("name", NAMES)
def test_each_is_used_by_its_name(three: Three, name: str) -> None:
    done = three.twindeck("--engine", name, "ls", "--on", "container", "--json")
    assert done.returncode == 0, done.stderr
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert rows["web"]["id"] == three.id_of(name)
    assert rows["web"]["state"] == "running"
    assert rows["web"]["provider"] == ("podman" if name == "podman" else "docker")


def test_doctor_looks_at_the_engine_that_is_named(three: Three) -> None:
    done = three.twindeck("--read-only", "--engine", "rootless", "doctor", "--json")
    checks = {check["check"]: check for check in json.loads(done.stdout)}
    assert three.by_name["rootless"].host in checks["docker engine"]["reason"]


def ours(three: Three, name: str) -> list[dict[str, Any]]:
    done = three.twindeck(
        *("--engine", name, "stats", WEB, "--json", "--count", str(SPAN_SECONDS + 1))
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def mean(samples: list[dict[str, Any]], figure: str) -> float:
    known = [sample[figure] for sample in samples if sample[figure] is not None]
    return sum(known) / len(known)


def bytes_of(text: str) -> float:
    """`52.1MiB` as docker stats prints it."""
    units = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
    return float(text[:-3]) * units[text[-3:]]


def test_figures_are_those_of_docker_stats_on_a_contexts_engine(three: Three) -> None:
    form = "{{.CPUPerc}} {{.MemUsage}}"
    theirs = []
    samples = ours(three, "prod")
    for _ in range(3):
        done = three.by_name["prod"].docker("stats", "--no-stream", "--format", form, "web")
        theirs.append(done.stdout.decode().split())
    cpu = sum(float(words[0].rstrip("%")) for words in theirs) / len(theirs)
    memory = bytes_of(theirs[-1][1])
    print(f"docker stats {theirs}; twindeck {mean(samples, 'cpu_percent'):.2f} % {memory}")
    assert mean(samples, "cpu_percent") == pytest.approx(cpu, abs=CPU_TOLERANCE)
    assert samples[-1]["memory_bytes"] == pytest.approx(memory, rel=MEMORY_TOLERANCE)
    assert samples[-1]["memory_kind"] == "docker-stats"


def test_figures_are_those_of_podman_stats(three: Three) -> None:
    """Podman counts CPU from the container's start, so what it used in between is compared."""

    def podman() -> tuple[float, int, int]:
        form = "{{.ContainerStats.CPUNano}} {{.ContainerStats.MemUsage}}"
        done = subprocess.run(
            [*three.podman, "stats", "--no-stream", "--format", form, "web"],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        cpu_ns, memory = done.stdout.split()
        return time.monotonic(), int(cpu_ns), int(memory)

    begin = podman()
    samples = ours(three, "podman")
    end = podman()
    cpu = (end[1] - begin[1]) / 1e7 / (end[0] - begin[0])
    print(f"podman stats {cpu:.2f} % {end[2]}; twindeck {mean(samples, 'cpu_percent'):.2f} %")
    assert mean(samples, "cpu_percent") == pytest.approx(cpu, abs=CPU_TOLERANCE)
    if samples[-1]["memory_kind"] == "podman-stats":
        assert samples[-1]["memory_bytes"] == pytest.approx(end[2], rel=MEMORY_TOLERANCE)
        # What was written once is in it; by the rule of docker stats it would not be.
        assert samples[-1]["memory_bytes"] > 48 * 2**20


def test_a_rootless_engine_has_the_figures_of_its_stats_or_the_reason_why_not(
    three: Three,
) -> None:
    rootless = three.by_name["rootless"]
    driver = rootless.docker("info", "-f", "{{.CgroupDriver}}").stdout.decode().strip()
    samples = ours(three, "rootless")
    if driver == "none":
        # docker stats shows the whole host's there: a container that does nothing has them too.
        assert {sample["cpu_percent"] for sample in samples} == {None}
        assert {sample["memory_bytes"] for sample in samples} == {None}
        assert samples[-1]["reasons"]["memory_bytes"] == UNCOUNTED
        return
    done = rootless.docker("stats", "--no-stream", "--format", "{{.MemUsage}}", "web")
    memory = bytes_of(done.stdout.decode().split()[0])
    assert samples[-1]["memory_bytes"] == pytest.approx(memory, rel=MEMORY_TOLERANCE)


@contextmanager
def fleet_on(three: Three, name: str) -> Iterator[Fleet]:
    fleet = open_fleet(ROOT, 0.5, docker=Resolver({**os.environ, **three.env}, name))
    fleet.start()
    fleet.wait_ready(30)
    try:
        yield fleet
    finally:
        fleet.stop()


def test_rows_figures_logs_and_actions_are_of_one_engine_after_each_exchange(
    three: Three, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWINDECK_DATA", three.env["TWINDECK_DATA"])
    with fleet_on(three, "prod") as fleet:
        for name in ("podman", "rootless", "prod", "podman"):
            fleet.use_engine(name)
            assert not any(i.name == "web" for i in fleet.snapshot.instances)
            until(lambda: fleet.snapshot.find(WEB) is not None, 20)
            row = fleet.snapshot.find(WEB)
            assert row is not None
            assert row.id == three.id_of(name)
            assert fleet.inspect(WEB)["Id"] == row.id
            until(lambda: WEB in fleet.snapshot.samples, 20)
            has_figures = fleet.snapshot.samples[WEB].memory_bytes is not None
            assert has_figures or name == "rootless"
            told = list(fleet.logs(WEB, tail=5, follow=False, stop=Event()))
            assert "ready" in told
            assert fleet.shell(WEB).env["DOCKER_HOST"].startswith("unix://")
        job = fleet.wait_job(fleet.submit(Verb.PAUSE, WEB), 30)
        assert not job.error
    assert [three.state_of(name) for name in NAMES] == ["running", "paused", "running"]
    three.by_name["podman"].docker("unpause", "web")


def test_the_console_exchanges_the_engine_and_acts_on_it_alone(
    three: Three, tmp_path: Path
) -> None:
    with closing(Terminal(80, 24)) as terminal:
        argv = [sys.executable, "-m", "tui", "--engine", "prod"]
        env = {**three.env, "TWINDECK_DATA": str(tmp_path), "LANG": "C.UTF-8"}
        terminal.run(argv, env, ROOT)
        terminal.wait(lambda screen: "VMs" in screen, 20, "decks")
        terminal.press("2")
        terminal.wait(has_row("context prod"), 20, "row of prod")
        for words, title in (("use rootless", "docker.sock"), ("use podman", "Podman")):
            terminal.press("C-p")
            terminal.wait_text("Search for commands")
            terminal.press(words)
            terminal.wait_text(f"Use {words.removeprefix('use ').replace('podman', 'Podman')}")
            # What it finds is gathered for a moment before it can be chosen.
            time.sleep(1)
            terminal.press("Enter")
            terminal.wait(has_row(title), 20, f"row of {title}")
        terminal.press("g", "p")
        until(lambda: three.state_of("podman") == "paused", 20)
        terminal.press("C-c", "C-c")
    assert three.state_of("prod") == three.state_of("rootless") == "running"
    three.by_name["podman"].docker("unpause", "web")


def has_row(title: str) -> Callable[[str], bool]:
    def is_met(screen: str) -> bool:
        lines = screen.splitlines()
        return any("Containers" in line and title in line for line in lines) and any(
            "running" in line and " web " in line for line in lines
        )

    return is_met


@pytest.mark.parametrize(
    ("context", "words"),
    [
        ("dead", "Docker is not running at unix:///tmp/twtest-nobody.sock (context dead)"),
        ("half", "Docker's context 'half' has cert.pem for TLS, but there is no "),
        ("broken", "Docker's context 'broken' cannot be used: "),
        ("nosuch", "There is no engine 'nosuch'"),
    ],
)
def test_an_engine_that_cannot_be_used_is_one_plain_line(
    three: Three, tmp_path: Path, context: str, words: str
) -> None:
    write_context(tmp_path, "dead", {**meta_of("unix:///tmp/twtest-nobody.sock"), "Name": "dead"})
    write_context(tmp_path, "half", {**meta_of("tcp://127.0.0.1:9"), "Name": "half"})
    write_context(tmp_path, "broken", "{")
    certificates = tmp_path / "contexts" / "tls" / context_key("half") / "docker"
    certificates.mkdir(parents=True)
    (certificates / "cert.pem").write_text("none")
    done = three.twindeck(
        *("--engine", context, "ls", "--on", "container"), DOCKER_CONFIG=str(tmp_path)
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert words in line
    assert " → " in line
    listed = three.twindeck("engines", DOCKER_CONFIG=str(tmp_path))
    assert listed.returncode == 0, listed.stderr


def test_an_engine_that_is_no_engine_leaves_the_console_working(three: Three) -> None:
    with fleet_on(three, "nosuch") as fleet:
        health = fleet.snapshot.health
        assert [h.ok for side, h in health.items() if side == "container"] == [False]
        fleet.use_engine("prod")
        until(lambda: fleet.snapshot.find(WEB) is not None, 20)
        found = fleet.snapshot.find(WEB)
        assert found is not None
        assert found.state is State.RUNNING
