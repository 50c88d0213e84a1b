"""A user's things stand beside a whole journey, and are afterwards the same to the byte and pid.

They bear every name that ours have or had. The journey is the installed command's, on this host's
engines: up, compare, cancel, kill -9, resume, destroy, set up, open the console and quit it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from tests.engine import bystander_host
from tests.engine.bystander_containers import UsersContainers
from tests.engine.bystander_machines import UsersMachines, names_of
from tests.engine.bystanders import Bystander, Comparison, Watch, below, output, tree_facts
from tests.engine.container_kit import docker
from tests.engine.project_kit import PAGE, make_project
from tests.tmux.terminal import TWINDECK, Terminal

pytestmark = pytest.mark.engine

_BOOT_SECONDS = 900.0
_ACT_SECONDS = 120.0
Done = subprocess.CompletedProcess[str]


@dataclass
class Journey:
    """The installed command, with data and settings of a user's own."""

    project: Path
    data: Path
    docker_config: Path
    name: str
    """A workload that nothing of the user's is called."""
    taken: str
    """One whose container's and machine's names the user has given to others."""
    pictured: str
    """One whose image's name the user has given to another."""
    comparisons: list[Comparison] = field(default_factory=list)
    steps: list[tuple[str, Done]] = field(default_factory=list)

    @property
    def env(self) -> dict[str, str]:
        return {
            **os.environ,
            "TWINDECK_DATA": str(self.data),
            "DOCKER_CONFIG": str(self.docker_config),
            "LANG": "C.UTF-8",
        }

    def start(self, *words: str, data: Path | None = None) -> subprocess.Popen[str]:
        return subprocess.Popen(
            (str(TWINDECK), "--project", str(self.project), *words),
            env={**self.env, "TWINDECK_DATA": str(data or self.data)},
            cwd=self.project,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, step: str, *words: str, within: float = 60, data: Path | None = None) -> Done:
        began = time.monotonic()
        process = self.start(*words, data=data)
        out, err = process.communicate(timeout=within)
        return self.note(step, began, Done(process.args, process.returncode, out, err))

    def note(self, step: str, began: float, done: Done) -> Done:
        self.steps.append((step, done))
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        spent = time.monotonic() - began
        print(f"{spent:6.1f} s  {step}: exit {done.returncode}: {''.join(last)}", flush=True)
        (self.data.parent / f"{step}.txt").write_text(f"{done.stdout}\n{done.stderr}")
        return done

    def done(self, step: str) -> Done:
        return next(done for name, done in self.steps if name == step)


def until(is_so: Callable[[], object], process: subprocess.Popen[str], seconds: float) -> None:
    """Wait for a fact about what another process does."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)


def named(name: str) -> set[str]:
    """Containers and domains with that name in theirs, whoever made them."""
    found = {*docker("ps", "--all", "--format", "{{.Names}}").split(), *names_of("list", "--all")}
    return {one for one in found if name in one}


def make_files(folder: Path, name: str, taken: str) -> Iterator[Bystander]:
    """The user's files in the folder of the history, some where the lab had its own."""
    lab = folder / "twindeck-lab"
    (lab / "run").mkdir(parents=True)
    (folder / "letters").mkdir(mode=0o750)
    for place in (
        "notes.txt",
        "letters/to-a-friend",
        "twindeck-lab/notes.txt",
        "twindeck-lab/run/a",
    ):
        (folder / place).write_text(f"{place}: a text of the user's\n")
    (lab / "Vagrantfile").write_text("Vagrant.configure('2') { |config| }\n")
    # As a run left it that was killed, in the days when it was the lab's by its name.
    shutil.copytree(PAGE, lab / "workloads" / f"lab-{taken}")
    shutil.copytree(PAGE, lab / "workloads" / f"lab-{name}")
    (lab / "outside").symlink_to(folder.parent / "outside")
    (folder.parent / "outside").mkdir()
    (folder.parent / "outside" / "photograph").write_bytes(bytes(range(256)))
    yield Bystander("files", "data folder", partial(tree_facts, folder, only=below(folder)))
    yield Bystander("files", "outside", partial(tree_facts, folder.parent / "outside"))


def make_environment(
    folder: Path, machines: UsersMachines, stack: ExitStack
) -> Iterator[Bystander]:
    """Another Vagrant environment of the user's, with a machine that runs and its tunnel."""
    data = folder / ".vagrant" / "machines" / "web" / "libvirt"
    (data / "pids").mkdir(parents=True)
    (folder / "Vagrantfile").write_text("Vagrant.configure('2') { |c| c.vm.define 'web' }\n")
    identity = machines.domain(f"{folder.name}_web", "running", folder / "Vagrantfile")
    (data / "id").write_text(identity)
    pid, tunnel = bystander_host.program(stack, "ssh", "-N", "-L", "127.0.0.1:18080:localhost:80")
    (data / "pids" / "ssh_18080.pid").write_text(str(pid))
    yield tunnel
    yield Bystander("environment", folder.name, partial(tree_facts, folder))


@pytest.fixture(scope="module")
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture(scope="module")
def bystanders(
    tmp_path_factory: pytest.TempPathFactory, stack: ExitStack, base_image: str
) -> tuple[Journey, list[Bystander]]:
    """Everything of the user's, and the journey that is to leave it alone."""
    here = tmp_path_factory.mktemp("bystanders")
    stem = uuid.uuid4().hex[:6]
    name, taken, pictured = f"twtest-{stem}", f"twtaken-{stem}", f"twpicture-{stem}"
    project, data, config = here / f"project-{stem}", here / "data", here / "docker-config"
    for workload in (name, taken, pictured):
        make_project(project, PAGE, workload)
    config.mkdir()
    (config / "config.json").write_text('{"currentContext": "default", "detachKeys": "ctrl-x"}\n')
    things = UsersContainers(stack, here, base_image)
    for called, state in (
        (f"lab-{name}", "running"),
        (f"lab-{taken}", "stopped"),
        (f"twindeck-lab-{name}", "paused"),
        (f"twindeck-{name}", "restarting"),
        (taken, "created"),
        (f"lab-{name}-2", "running"),
    ):
        things.container(called, state)
    things.container(
        f"lab-{name}-0123456789ab", "running", "--label", "twindeck.lab.run=0123456789ab"
    )
    things.container(f"{name}-web-1", "running", "--label", "com.docker.compose.project=twindeck")
    for called in (name, f"lab-{name}"):
        things.volume(called)
        things.network(called, "--internal")
        things.image(f"{called}:latest")
    things.image(f"twindeck/lab-{name}:latest")
    things.image(f"twindeck/{pictured}:latest")
    machines = UsersMachines(stack, here)
    machines.domain(f"twindeck-lab_lab-{name}", "running")
    machines.domain(f"twindeck-lab_lab-{name}-2", "shut off")
    machines.domain(f"lab-{name}-0123456789ab_2", "paused")
    machines.domain(f"{project.name}_{taken}", "shut off")
    machines.disk(f"twindeck-lab_lab-{name}-3.img")
    machines.network(f"twindeck-lab-{name}", f"tw{stem}")
    made = [
        *make_files(data, name, taken),
        *make_environment(here / f"shop-{stem}", machines, stack),
        *bystander_host.daemons(),
        *bystander_host.settings(),
        *bystander_host.boxes(stack, f"lab-{name}", f"twindeck/{name}"),
        bystander_host.program(stack, "qemu-system-x86_64", "-name", f"guest=lab-{name}")[1],
        bystander_host.program(stack, "vagrant", "up", f"lab-{name}")[1],
        Bystander("files", "docker's settings", partial(tree_facts, config)),
        Bystander("files", "the project", partial(tree_facts, project, (".vagrant",))),
    ]
    journey = Journey(project, data, config, name, taken, pictured)
    return journey, [*things.made, *machines.made, *made]


def compare_until(journey: Journey, step: str, sign: signal.Signals, others: set[str]) -> None:
    """A comparison that is told to end as soon as the engines have something of it."""
    began = time.monotonic()
    process = journey.start("compare", journey.name, "--quick", "--rows", "size")
    try:
        until(lambda: named(journey.name) - others, process, _BOOT_SECONDS)
        # Another user's, for all it knows: a second data folder must not be a second lock.
        elsewhere = journey.data.with_name("other-data")
        journey.run("a second compare", "compare", journey.taken, "--quick", data=elsewhere)
        process.send_signal(sign)
        out, err = process.communicate(timeout=_BOOT_SECONDS)
    finally:
        process.kill()
    journey.note(step, began, Done(process.args, process.returncode, out, err))


def resume_when_it_may(journey: Journey, run: str) -> None:
    """Again and again, as it says, while the killed run's vagrant has not ended."""
    deadline = time.monotonic() + _BOOT_SECONDS
    while True:
        words = ("compare", "--resume", run, "--json")
        done = journey.run("resume", *words, within=_BOOT_SECONDS)
        if " is busy: " not in done.stderr:
            return
        assert time.monotonic() < deadline, done.stderr
        journey.steps.pop()
        time.sleep(2)


def run_of(done: Done) -> str:
    """The id of the run that it began."""
    return next(line.removeprefix("run ") for line in done.stderr.splitlines() if "run " in line)


def look_and_quit(journey: Journey) -> None:
    """The console, opened in a terminal and left by its key."""
    terminal = Terminal(160, 45)
    try:
        words = [str(TWINDECK), "--project", str(journey.project)]
        terminal.run(words, journey.env, journey.project)
        terminal.wait(lambda s: journey.name[:8] in s and "Docker" in s, 30, "rows")
        terminal.press("q")
        terminal.wait_text("[ended with 0]", 15)
    finally:
        terminal.close()


@pytest.fixture(scope="module")
def journey(bystanders: tuple[Journey, list[Bystander]]) -> Journey:
    """All of it, with the comparison of what stood beside."""
    journey, beside = bystanders
    watch = Watch(beside)
    names = (f"vm:{journey.name}", f"container:{journey.name}")
    try:
        journey.run("list", "ls")
        journey.run("set up", "setup", "--yes", within=_ACT_SECONDS)
        for side in ("container", "vm"):
            step = f"up, name taken by a {side}"
            journey.run(step, "up", journey.taken, "--on", side, within=_ACT_SECONDS)
        step = "up, name taken by an image"
        journey.run(step, "up", journey.pictured, "--on", "container", within=_ACT_SECONDS)
        journey.run("up", "up", journey.name, within=_BOOT_SECONDS)
        others = named(journey.name)
        compare_until(journey, "compare, ctrl+c", signal.SIGINT, others)
        compare_until(journey, "compare, kill -9", signal.SIGKILL, others)
        run = run_of(journey.done("compare, kill -9"))
        resume_when_it_may(journey, run)
        journey.run("destroy", "destroy", "--yes", *names, within=_ACT_SECONDS)
        look_and_quit(journey)
    finally:
        journey.comparisons = watch.compare()
        for one in journey.comparisons:
            print(one.line)
        left = (*names, f"container:{journey.pictured}")
        journey.run("clean up", "destroy", "--yes", *left, within=_ACT_SECONDS)
        output("docker", "rmi", f"twindeck/{journey.name}")
    return journey


def test_everything_of_the_users_is_the_same_to_the_byte_and_to_the_pid(journey: Journey) -> None:
    changed = [one.line for one in journey.comparisons if one.changed]
    assert changed == []
    kinds = {one.kind for one in journey.comparisons}
    assert {"container", "volume", "network", "image", "domain", "storage volume"} <= kinds
    assert {"box", "daemon", "program", "environment", "files", "libvirt network"} <= kinds


def test_the_journey_did_what_was_asked(journey: Journey) -> None:
    codes = {step: done.returncode for step, done in journey.steps}
    assert codes["list"] == codes["set up"] == codes["up"] == codes["resume"] == 0
    assert codes["destroy"] == 0
    assert codes["compare, ctrl+c"] == 130
    assert codes["compare, kill -9"] == -signal.SIGKILL
    assert json.loads(journey.done("resume").stdout)["state"] == "done"


def test_a_second_comparison_on_the_host_is_refused_with_the_pid_of_the_first(
    journey: Journey,
) -> None:
    refused = journey.done("a second compare")
    assert refused.returncode != 0
    assert "another comparison runs on this host: pid " in refused.stderr


@pytest.mark.parametrize("what", ["a container", "a vm", "an image"])
def test_a_name_the_user_has_given_away_is_refused(journey: Journey, what: str) -> None:
    refused = journey.done(f"up, name taken by {what}")
    assert refused.returncode == 1
    assert {journey.taken, journey.pictured} & set(refused.stderr.replace(":", " ").split())
    assert " → " in refused.stderr
