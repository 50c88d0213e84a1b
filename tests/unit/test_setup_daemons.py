"""Daemons: stale leftovers, a start that outlives its starter, an end that is told."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tui.errors import ActionFailed
from tui.setup import daemons
from tui.setup.daemons import Daemon, clear_stale, is_dead_socket, process_name, running_pid
from tui.setup.host import Host

# A real daemon of our own: listens on the socket it is told.
_SERVER = (
    "import socket, sys, time; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); "
    "s.listen(); print('listening', flush=True); time.sleep(60)"
)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """As the user we are: nothing here needs sudo."""
    env = {**os.environ, "TWINDECK_DATA": str(tmp_path / "state")}
    return Host(env=env, uid=0)


def server(folder: Path, code: str = _SERVER) -> Daemon:
    """A daemon with its socket and pid file in `folder`."""
    path = folder / "socket"
    return Daemon(
        name=Path(sys.executable).name,
        command=(sys.executable, "-c", code, str(path)),
        unit="none.service",
        pid_files=((str(folder / "server.pid"), Path(sys.executable).name),),
        sockets=(str(path),),
    )


def answers(daemon: Daemon) -> bool:
    """Whether somebody listens on its socket."""
    path = Path(daemon.sockets[0])
    return path.is_socket() and not is_dead_socket(path)


@pytest.fixture
def started(host: Host) -> Iterator[Callable[[], int]]:
    """The pid of the daemon the test started; ended afterwards."""
    file = host.state_folder / f"{Path(sys.executable).name}.pid"
    yield lambda: int(file.read_text())
    if file.exists() and process_name(host, int(file.read_text())):
        os.kill(int(file.read_text()), signal.SIGKILL)


def test_a_daemon_outlives_a_starter_without_stdin(
    host: Host, tmp_path: Path, started: Callable[[], int]
) -> None:
    script = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[2]); "
        "from tests.unit.test_setup_daemons import server, answers; "
        "from tui.setup import daemons; from tui.setup.host import Host; import os; "
        "d = server(Path(sys.argv[1])); "
        "daemons.start(Host(uid=0, env=dict(os.environ)), d, lambda: answers(d), print)"
    )
    root = str(Path(__file__).parents[2])
    # As cron and CI do: no terminal, standard input closed, a pipe that must come to its end.
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" <&-', "sh", sys.executable, "-c", script, str(tmp_path), root],
        env=dict(host.env),
        cwd=root,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"pid {started()}" in done.stdout
    assert answers(server(tmp_path))
    assert os.getsid(started()) == started()
    assert Path(f"/proc/{started()}/fd/0").readlink() == Path("/dev/null")
    assert running_pid(host, server(tmp_path)) == started()
    status = Path(f"/proc/{started()}/status").read_text().split("SigIgn:")[1].split()[0]
    # Bit n-1 is signal n, see proc(5): neither SIGHUP nor SIGINT nor SIGQUIT.
    assert int(status, 16) & 0b111 == 0
    said: list[str] = []
    daemons.start(host, server(tmp_path), lambda: answers(server(tmp_path)), said.append)
    assert said == []


def test_a_daemon_that_ends_is_told_with_its_last_words(host: Host, tmp_path: Path) -> None:
    daemon = server(tmp_path, "import sys; print('no such bridge'); sys.exit(3)")
    began = time.monotonic()
    with pytest.raises(ActionFailed, match="ended: no such bridge") as caught:
        daemons.start(host, daemon, lambda: answers(daemon), print)
    assert time.monotonic() - began < 10
    assert str(host.state_folder) in caught.value.fix


def test_a_daemon_that_never_answers_is_given_up(
    host: Host, tmp_path: Path, started: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemons, "READY_SECONDS", 0.5)
    daemon = server(tmp_path, "import time; time.sleep(60)")
    with pytest.raises(ActionFailed, match="did not answer within"):
        daemons.start(host, daemon, lambda: answers(daemon), print)
    assert process_name(host, started()) == daemon.name


def test_leftovers_of_a_killed_daemon_are_removed(host: Host, tmp_path: Path) -> None:
    daemon = server(tmp_path)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(daemon.sockets[0])
    listener.listen()
    pid_file = Path(daemon.pid_files[0][0])
    pid_file.write_text(f"{os.getpid()}\n")
    assert process_name(host, os.getpid()) == daemon.name
    said: list[str] = []
    clear_stale(host, daemon, said.append)
    assert said == []
    assert running_pid(host, daemon) == os.getpid()

    listener.close()
    other = replace(daemon, name="dockerd", pid_files=((str(pid_file), "dockerd"),))
    # Written before the process that has the pid now began.
    os.utime(pid_file, (0, 0))
    clear_stale(host, other, said.append)
    assert len(said) == 2
    assert f"no dockerd runs as pid {os.getpid()}" in said[0]
    assert not pid_file.exists()
    assert not Path(daemon.sockets[0]).exists()


def test_a_pid_file_of_a_live_process_by_another_name_is_left(host: Host, tmp_path: Path) -> None:
    daemon = replace(server(tmp_path), name="dockerd")
    pid_file = tmp_path / "docker.pid"
    pid_file.write_text(f"{os.getpid()}\n")
    said: list[str] = []
    clear_stale(host, replace(daemon, pid_files=((str(pid_file), "dockerd"),)), said.append)
    assert said == [
        f"leaving {pid_file}: pid {os.getpid()}, which runs, was there when it was written"
    ]
    assert pid_file.read_text() == f"{os.getpid()}\n"


@pytest.mark.parametrize("content", ["", "no number", "99999999"])
def test_a_pid_file_that_names_nobody_is_stale(host: Host, tmp_path: Path, content: str) -> None:
    daemon = server(tmp_path)
    pid_file = Path(daemon.pid_files[0][0])
    pid_file.write_text(content)
    assert running_pid(host, daemon) is None
    clear_stale(host, daemon, lambda line: None)
    assert not pid_file.exists()


@pytest.mark.parametrize("content", ["99999999\n", ""])
def test_a_pid_file_in_a_folder_that_is_roots_alone_is_read_as_root(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    daemon = server(tmp_path)
    pid_file = Path(daemon.pid_files[0][0])
    pid_file.write_text(content)
    stat = Path.stat

    def refuse(path: Path, **options: bool) -> os.stat_result:
        if path.parent == tmp_path:
            raise PermissionError(13, "Permission denied")
        return stat(path, **options)

    with monkeypatch.context() as patched:
        # What the folder is like for an ordinary user.
        patched.setattr(Path, "stat", refuse)
        clear_stale(host, daemon, lambda line: None)
    assert not pid_file.exists()


def test_a_process_that_only_waits_to_be_reaped_is_gone(host: Host) -> None:
    with subprocess.Popen(["true"]) as child:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert process_name(host, child.pid) is None


def test_a_file_is_no_dead_socket(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert not is_dead_socket(tmp_path / "file")
    assert not is_dead_socket(tmp_path / "nosuch")


def test_libvirtd_goes_without_polkit_only_where_there_is_no_bus(tmp_path: Path) -> None:
    env = {**os.environ, "TWINDECK_DATA": str(tmp_path / "state")}
    bare = Host(root=tmp_path, env=env)
    if bare.has_group("libvirt"):
        settings = daemons.libvirtd_for(bare).command[-1]
        assert 'unix_sock_group = "libvirt"' in Path(settings).read_text()
    (tmp_path / "run/dbus").mkdir(parents=True)
    (tmp_path / "run/dbus/system_bus_socket").touch()
    assert daemons.libvirtd_for(bare) is daemons.LIBVIRTD
