"""Events, logs and shells of real containers; engines that go away or may not be asked."""

from __future__ import annotations

import json
import os
import pty
import socket
import subprocess
import sys
import time
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.engine.container_kit import AS_ROOT, LOOP, Run, docker, find, pid_of, until
from tui.errors import EngineUnavailable
from tui.model import State
from tui.sides.containers import Containers
from tui.sides.docker_link import Link

pytestmark = pytest.mark.engine


def test_hostile_labels_and_logs_come_through_untouched(containers: Containers, run: Run) -> None:
    group = "[red]x[/]\x1b[31m\nnew line"
    printing = r"printf '[/bold]\033[2J\377\n$(id)\nerr\r\n' >&2; printf 'no end'"
    name = run(
        *("--label", f"com.docker.compose.project={group}"),
        *("--label", "evil=\x1b]0;title\x07"),
        command=("sh", "-c", printing),
    )
    until(lambda: find(containers, name).state is State.STOPPED, 10)
    assert find(containers, name).group == group
    lines = list(containers.logs(name, tail=100, follow=False, stop=Event()))
    assert lines == ["[/bold]\x1b[2J\ufffd", "$(id)", "err", "no end"]
    assert list(containers.logs(name, tail=1, follow=False, stop=Event())) == ["no end"]
    json.dumps(containers.inspect(name))


def test_following_logs_ends_when_told(containers: Containers, run: Run) -> None:
    name = run(command=("sh", "-c", f"echo one; {LOOP}"))
    stop, lines = Event(), list[str]()

    def follow() -> None:
        for line in containers.logs(name, tail=10, follow=True, stop=stop):
            lines.append(line)

    thread = Thread(target=follow)
    thread.start()
    until(lambda: lines == ["one"], 5)
    stop.set()
    thread.join(0.5)
    assert not thread.is_alive()
    assert lines == ["one"]


def test_the_shell_opens(containers: Containers, run: Run) -> None:
    command = containers.shell(run())
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

    def __init__(self, containers: Containers) -> None:
        self.stop = Event()
        self.count = 0
        self.error: BaseException | None = None
        self.thread = Thread(target=self._run, args=(containers,))
        self.thread.start()
        until(lambda: self.count or self.error, 5)

    def _run(self, containers: Containers) -> None:
        try:
            containers.watch(self._changed, self.stop)
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


def test_a_stop_from_outside_is_seen_at_once(containers: Containers, run: Run) -> None:
    name = run()
    watching = Watching(containers)
    try:
        assert find(containers, name).state is State.RUNNING
        seen = watching.count
        docker("stop", "-t", "0", name)
        # From the command's end: the event can only come before.
        assert until(lambda: watching.count > seen, 1.0) < 1.0
        assert until(lambda: find(containers, name).state is State.STOPPED, 1.0) < 1.0
    finally:
        assert watching.end() < 0.5
    assert watching.error is None


def test_a_killed_process_is_seen_at_once_with_its_exit_code(
    containers: Containers, run: Run
) -> None:
    # With an init of its own: the kernel lets nobody inside kill the first process.
    name = run("--init", command=("sleep", "86400"))
    watching = Watching(containers)
    try:
        assert find(containers, name).state is State.RUNNING
        seen = watching.count
        docker("exec", name, "sh", "-c", "kill -9 $(cat /proc/1/task/1/children)")
        until(lambda: watching.count > seen, 3.0)
        until(lambda: find(containers, name).state is State.STOPPED, 3.0)
        assert find(containers, name).exit_code == 137
    finally:
        watching.end()


def test_events_that_change_nothing_are_not_told(containers: Containers, run: Run) -> None:
    name = run()
    watching = Watching(containers)
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


_AS_NOBODY = """
import json, os, sys
from pathlib import Path
from tui.sides.containers import Containers

# The configuration of who runs the suite may be closed to others.
os.environ["DOCKER_CONFIG"] = "/nonexistent"
assert Containers(Path(sys.argv[1]), []).health().ok  # imports all it needs while it may
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
health = Containers(Path(sys.argv[1]), []).health()
print(json.dumps([health.ok, health.reason, health.fix]))
"""


def test_a_socket_without_permission_says_what_to_do(tmp_path: Path) -> None:
    """As `nobody`, who is in no group; who runs the suite may open it."""
    child = (*AS_ROOT, sys.executable, "-c", _AS_NOBODY, str(tmp_path))
    done = subprocess.run(child, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    ok, reason, fix = json.loads(done.stdout)
    assert not ok
    assert "may not be opened" in reason
    assert "usermod -aG docker" in fix
