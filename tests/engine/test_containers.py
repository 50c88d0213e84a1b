"""The container side against the real engine: everything it does, and what goes wrong."""

from __future__ import annotations

import json
import os
import pty
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from tui.errors import ActionFailed, EngineUnavailable, UnknownInstance, UsageError
from tui.model import Instance, Phase, Probe, State, Verb, Workload
from tui.sides.containers import Containers
from tui.sides.docker_images import choose_base
from tui.sides.docker_link import Link
from tui.workloads import load

pytestmark = pytest.mark.engine

LOOP = "trap 'exit 0' TERM; while :; do sleep 0.1; done"
Run = Callable[..., str]


class Notes:
    """A Report that keeps all it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.phases: list[Phase] = []

    def line(self, text: str) -> None:
        self.lines.append(text)

    def phase(self, phase: Phase) -> None:
        self.phases.append(phase)

    def accelerator(self, name: str) -> None:
        raise AssertionError(f"a container has no accelerator, told {name}")


def docker(*arguments: str) -> str:
    """What the docker command prints; an oracle apart from the SDK."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def until(true: Callable[[], object], within_seconds: float) -> float:
    """Seconds it took to become true; fails after `within_seconds`."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < within_seconds, "it did not happen in time"
        time.sleep(0.005)
    return time.monotonic() - began


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def base() -> str:
    """The base image that is here: the test must not depend on which."""
    nginx = load(Path(__file__).parents[2] / "workloads" / "nginx")
    return choose_base(Link(), nginx, Notes())[0]


@pytest.fixture
def side(tmp_path: Path) -> Containers:
    return Containers(tmp_path, [])


@pytest.fixture
def run(base: str) -> Iterator[Run]:
    """Makes containers from outside; gives their names; removes them all."""
    names: list[str] = []

    def make(*options: str, command: tuple[str, ...] = ("sh", "-c", LOOP)) -> str:
        names.append(f"twtest-{uuid.uuid4().hex[:8]}")
        docker("run", "-d", "--name", names[-1], *options, base, *command)
        return names[-1]

    yield make
    for name in names:
        subprocess.run(["docker", "rm", "-f", "-v", name], capture_output=True, timeout=60)


@pytest.fixture
def workload(tmp_path: Path, base: str) -> Iterator[Workload]:
    """A workload of the least size; whatever comes of it is removed."""
    name = f"twtest-{uuid.uuid4().hex[:8]}"
    folder = tmp_path / "workloads" / name
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text(f'ARG BASE\nFROM ${{BASE}}\nCMD ["sh", "-c", "{LOOP}"]\n')
    yield Workload(
        name=name,
        title=name,
        folder=folder,
        guest_port=80,
        container_port=free_port(),
        vm_port=free_port(),
        probe=Probe(kind="tcp"),
        memory_mib=64,
        cpus=1,
        container_images=("twtest.invalid/none:1", base),
    )
    subprocess.run(["docker", "rm", "-f", "-v", name], capture_output=True, timeout=60)
    image = f"twindeck/{name}:latest"
    subprocess.run(["docker", "rmi", "-f", image], capture_output=True, timeout=60)


def pid_of(name: str) -> int:
    return int(docker("inspect", "-f", "{{.State.Pid}}", name))


def find(side: Containers, name: str) -> Instance:
    return next(instance for instance in side.list() if instance.name == name)


def test_health_names_the_engines_version(side: Containers) -> None:
    health = side.health()
    assert health.ok
    number = docker("version", "--format", "{{.Server.Version}}").partition("+")[0]
    assert health.version == f"Docker {number}"


def test_a_workload_goes_through_its_whole_life(workload: Workload, tmp_path: Path) -> None:
    side = Containers(tmp_path, [workload])
    name, notes = workload.name, Notes()
    assert find(side, name).state is State.ABSENT
    side.up(workload, notes)
    assert notes.phases == [Phase.PREPARE, Phase.CREATE, Phase.START, Phase.BOOT]
    up = find(side, name)
    assert (up.state, up.workload) == (State.RUNNING, name)
    assert up.ports == (f"127.0.0.1:{workload.container_port}->80/tcp",)
    told = json.loads(docker("inspect", name))[0]
    assert (up.id, up.pid) == (told["Id"], told["State"]["Pid"])
    assert told["HostConfig"]["Memory"] == 64 * 1024 * 1024
    assert told["HostConfig"]["NanoCpus"] == 10**9
    assert up.started_at == pytest.approx(time.time(), abs=30)
    steps = [
        (Verb.PAUSE, State.PAUSED),
        (Verb.RESUME, State.RUNNING),
        (Verb.RESTART, State.RUNNING),
        (Verb.STOP, State.STOPPED),
        (Verb.START, State.RUNNING),
        (Verb.PAUSE, State.PAUSED),
        (Verb.KILL, State.STOPPED),
    ]
    for verb, state in steps:
        side.act(verb, name, notes)
        instance = find(side, name)
        assert instance.state is state, verb
        assert instance.state.value in ("stopped", docker("inspect", "-f", STATUS, name))
        assert (instance.pid or 0) == pid_of(name), verb
    assert find(side, name).exit_code == 137
    assert f"docker restart {name}" in notes.lines
    side.act(Verb.DESTROY, name, notes)
    assert find(side, name).state is State.ABSENT
    assert docker("ps", "-a", "-q", "--filter", f"name={name}") == ""


STATUS = "{{.State.Status}}"


def test_up_again_builds_nothing_and_up_after_a_change_builds(
    workload: Workload, side: Containers
) -> None:
    first, running, again, changed = Notes(), Notes(), Notes(), Notes()
    side.up(workload, first)
    assert any("Step 1/" in line for line in first.lines)
    side.up(workload, running)
    assert running.lines == [f"{workload.name} is running already"]
    side.act(Verb.DESTROY, workload.name, Notes())
    side.up(workload, again)
    assert not any("Step 1/" in line for line in again.lines)
    side.act(Verb.DESTROY, workload.name, Notes())
    (workload.folder / "page.html").write_text("new")
    side.up(workload, changed)
    assert any("Step 1/" in line for line in changed.lines)


def test_up_starts_a_stopped_container(workload: Workload, side: Containers) -> None:
    side.up(workload, Notes())
    side.act(Verb.STOP, workload.name, Notes())
    notes = Notes()
    side.up(workload, notes)
    assert notes.phases == [Phase.PREPARE, Phase.START, Phase.BOOT]
    assert find(side, workload.name).state is State.RUNNING


def test_a_failing_build_tells_its_last_lines(workload: Workload, side: Containers) -> None:
    dockerfile = workload.folder / "Dockerfile"
    dockerfile.write_text("ARG BASE\nFROM ${BASE}\nRUN echo it was me >&2; exit 3\n")
    with pytest.raises(ActionFailed, match=r"it was me.*code: 3"):
        side.up(workload, Notes())


def test_no_base_image_at_all_says_setup(workload: Workload, side: Containers) -> None:
    from dataclasses import replace

    poor = replace(workload, container_images=("127.0.0.1:1/twtest/none:1",))
    with pytest.raises(ActionFailed, match="No base image") as caught:
        side.up(poor, Notes())
    assert caught.value.fix == "twindeck setup"


def test_a_foreign_container_of_the_same_name_is_left_alone(
    workload: Workload, side: Containers, base: str
) -> None:
    docker("create", "--name", workload.name, base, "true")
    with pytest.raises(ActionFailed, match="not the workload's"):
        side.up(workload, Notes())
    assert find(side, workload.name).state is State.CREATED


def test_a_port_held_by_a_process_is_named(workload: Workload, side: Containers) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", workload.container_port))
        holder.listen()
        with pytest.raises(ActionFailed) as caught:
            side.up(workload, Notes())
    assert f"Port {workload.container_port}" in str(caught.value)
    assert f"(pid {os.getpid()})" in str(caught.value)
    assert docker("ps", "-a", "-q", "--filter", f"name={workload.name}") == ""


def test_a_port_held_by_a_container_is_named(side: Containers, run: Run) -> None:
    port = str(free_port())
    holder = run("-p", f"127.0.0.1:{port}:80")
    docker("stop", "-t", "0", holder)
    other = run("-p", f"127.0.0.1:{port}:80")
    with pytest.raises(ActionFailed) as caught:
        side.act(Verb.START, holder, Notes())
    assert f"Port {port}" in str(caught.value)
    assert f"held by container {other}" in str(caught.value)


def test_unknown_names_and_pieces_of_ids_are_unknown(side: Containers, run: Run) -> None:
    name = run()
    container_id = find(side, name).id or ""
    for wrong in ("twtest-nobody", container_id[:6], "../" + name, name + "/json?x=", ""):
        with pytest.raises(UnknownInstance):
            side.act(Verb.DESTROY, wrong, Notes())
        with pytest.raises(UsageError):
            side.inspect(wrong)
    assert find(side, name).state is State.RUNNING


def test_what_the_engine_refuses_is_one_line(side: Containers, run: Run) -> None:
    name = run()
    docker("stop", "-t", "0", name)
    with pytest.raises(ActionFailed, match="not running") as caught:
        side.act(Verb.KILL, name, Notes())
    assert "\n" not in caught.value.line
    with pytest.raises(ActionFailed, match="not running"):
        side.shell(name)


def test_destroy_takes_a_running_containers_anonymous_volumes(side: Containers, run: Run) -> None:
    name = run("-v", "/data")
    volume = json.loads(docker("inspect", name))[0]["Mounts"][0]["Name"]
    side.act(Verb.DESTROY, name, Notes())
    assert volume not in docker("volume", "ls", "-q").split()


def test_hostile_labels_and_logs_come_through_untouched(side: Containers, run: Run) -> None:
    group = "[red]x[/]\x1b[31m\nnew line"
    printing = r"printf '[/bold]\033[2J\377\n$(id)\nerr\r\n' >&2; printf 'no end'"
    name = run(
        *("--label", f"com.docker.compose.project={group}"),
        *("--label", "evil=\x1b]0;title\x07"),
        command=("sh", "-c", printing),
    )
    until(lambda: find(side, name).state is State.STOPPED, 10)
    assert find(side, name).group == group
    lines = list(side.logs(name, tail=100, follow=False, stop=Event()))
    assert lines == ["[/bold]\x1b[2J\ufffd", "$(id)", "err", "no end"]
    assert list(side.logs(name, tail=1, follow=False, stop=Event())) == ["no end"]
    json.dumps(side.inspect(name))


def test_following_logs_ends_when_told(side: Containers, run: Run) -> None:
    name = run(command=("sh", "-c", f"echo one; {LOOP}"))
    stop, lines = Event(), list[str]()

    def follow() -> None:
        for line in side.logs(name, tail=10, follow=True, stop=stop):
            lines.append(line)

    thread = Thread(target=follow)
    thread.start()
    until(lambda: lines == ["one"], 5)
    stop.set()
    thread.join(0.5)
    assert not thread.is_alive()
    assert lines == ["one"]


def test_the_shell_opens(side: Containers, run: Run) -> None:
    command = side.shell(run())
    master, slave = pty.openpty()
    child = subprocess.Popen(command.argv, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    os.write(master, b"echo $((6*7))-answer; exit\n")
    output = b""
    deadline = time.monotonic() + 20
    while b"42-answer" not in output and time.monotonic() < deadline:
        output += os.read(master, 4096)
    assert b"42-answer" in output
    assert child.wait(20) == 0
    os.close(master)


class Watching:
    """Runs watch() in a thread and counts."""

    def __init__(self, side: Containers) -> None:
        self.stop = Event()
        self.count = 0
        self.error: BaseException | None = None
        self.thread = Thread(target=self._run, args=(side,))
        self.thread.start()
        until(lambda: self.count or self.error, 5)

    def _run(self, side: Containers) -> None:
        try:
            side.watch(self._changed, self.stop)
        except EngineUnavailable as error:
            self.error = error

    def _changed(self) -> None:
        self.count += 1

    def end(self) -> float:
        """Seconds from the word to the return."""
        began = time.monotonic()
        self.stop.set()
        self.thread.join(5)
        assert not self.thread.is_alive()
        return time.monotonic() - began


def test_a_stop_from_outside_is_seen_at_once(side: Containers, run: Run) -> None:
    name = run()
    watching = Watching(side)
    try:
        assert find(side, name).state is State.RUNNING
        seen = watching.count
        docker("stop", "-t", "0", name)
        # From the command's end: the event can only come before.
        assert until(lambda: watching.count > seen, 1.0) < 1.0
        assert until(lambda: find(side, name).state is State.STOPPED, 1.0) < 1.0
    finally:
        assert watching.end() < 0.5
    assert watching.error is None


def test_events_that_change_nothing_are_not_told(side: Containers, run: Run) -> None:
    name = run()
    watching = Watching(side)
    try:
        seen = watching.count
        docker("exec", name, "true")
        docker("top", name)
        docker("pause", name)
        until(lambda: watching.count > seen, 2.0)
        assert watching.count == seen + 1
    finally:
        watching.end()


def test_a_watched_list_asks_once_and_never_shows_an_old_run(run: Run, tmp_path: Path) -> None:
    link = Link()
    side = Containers(tmp_path, [], link)
    name = run()
    asked: list[str] = []
    link.look().hooks["response"].append(lambda answer, *_a, **_k: asked.append(answer.url))
    watching = Watching(side)
    try:
        side.list()
        asked.clear()
        side.list()
        assert [url.partition("?")[0].rpartition("/v")[2][4:] for url in asked] == [
            "/containers/json"
        ]
        for _ in range(3):
            docker("restart", "-t", "0", name)
            until(lambda: find(side, name).pid == pid_of(name), 1.0)
    finally:
        watching.end()
    docker("restart", "-t", "0", name)
    assert find(side, name).pid == pid_of(name)


class Relay:
    """Stands between the side and the engine's socket, so that the engine can go away."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._pairs: list[socket.socket] = []
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen(16)
        Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect("/var/run/docker.sock")
            self._pairs += [near, far]
            for source, target in ((near, far), (far, near)):
                Thread(target=self._pump, args=(source, target), daemon=True).start()

    @staticmethod
    def _pump(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for end in self._pairs:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
            finally:
                end.close()
        self.path.unlink()


def test_an_engine_that_goes_away_is_told_and_found_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    relay = Relay(tmp_path / "docker.sock")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{relay.path}")
    side = Containers(tmp_path, [])
    watching = Watching(side)
    assert side.health().ok
    relay.close()
    until(lambda: watching.error, 2.0)
    assert isinstance(watching.error, EngineUnavailable)
    with pytest.raises(EngineUnavailable):
        side.list()
    health = side.health()
    assert not health.ok
    assert "not running" in health.reason
    assert health.fix
    relay = Relay(tmp_path / "docker.sock")
    assert side.health().ok
    side.list()
    relay.close()


def test_a_socket_without_permission_says_what_to_do(tmp_path: Path) -> None:
    """As `nobody`: in a child, since the suite may run as root."""
    side = Containers(tmp_path, [])
    assert side.health().ok  # imports all it needs while it may
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
        health = Containers(tmp_path, []).health()
        os.write(writer, json.dumps([health.ok, health.reason, health.fix]).encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    ok, reason, fix = json.loads(os.read(reader, 4096))
    os.close(reader)
    assert not ok
    assert "may not be opened" in reason
    assert "usermod -aG docker" in fix
