"""A workload's own load and a probe that says something, from the folder's file alone."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from tui.errors import WorkloadError
from tui.fleet.probe import answers
from tui.model import Probe
from tui.workloads import load, load_all

_PROJECT = Path(__file__).parents[2]
_BASE = """
[ports]
guest = 7
container = 7007
vm = 17007
[ready]
kind = "tcp"
{ready}
[container]
images = ["a"]
[vm]
boxes = ["b"]
{load}
"""
_LOAD = """
[load]
title = "GET"
command = ["bench", "-p", "{port}", "-t", "{seconds}"]
pattern = 'rate ([0-9.]+)'
unit = "requests/s"
"""


def folder(tmp_path: Path, ready: str = "", load: str = "") -> Path:
    made = tmp_path / "echo"
    made.mkdir(exist_ok=True)
    # Not str.format: the file's own braces are meant.
    text = _BASE.replace("{ready}", ready).replace("{load}", load)
    (made / "workload.toml").write_text(text)
    return made


def test_a_load_is_read_with_what_it_leaves_out(tmp_path: Path) -> None:
    found = load(folder(tmp_path, load=_LOAD)).load
    assert found is not None
    assert found.argv == ("bench", "-p", "{port}", "-t", "{seconds}")
    assert (found.row, found.more_is_better, found.prepare) == ("performance", True, ())


def test_a_workload_may_have_none(tmp_path: Path) -> None:
    assert load(folder(tmp_path)).load is None


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("{port}", "{prot}"), r"load\.command: unknown \{prot\}, expected one of \{port\}"),
        (("'rate ([0-9.]+)'", "'rate'"), r"load\.pattern: expected one group, the number; found 0"),
        (("'rate ([0-9.]+)'", "'rate ('"), r"load\.pattern: expected a regular expression"),
        (('unit = "requests/s"', ""), r"load\.unit: missing"),
        (('unit = "requests/s"', 'unit = "x"\nrow = "size"'), r"load\.row: expected one of perf"),
        (('unit = "requests/s"', 'unit = "x"\nbetter = 1'), r"load\.better: expected one of more"),
        (('title = "GET"', 'titel = "GET"'), r"load\.titel: unknown key, did you mean title\?"),
        (('["bench", "-p", "{port}", "-t", "{seconds}"]', '"bench"'), r"load\.command: expected"),
    ],
)
def test_a_wrong_load_is_told_by_file_key_and_what_was_expected(
    tmp_path: Path, change: tuple[str, str], problem: str
) -> None:
    made = folder(tmp_path, load=_LOAD.replace(*change))
    with pytest.raises(WorkloadError, match=problem) as refused:
        load(made)
    assert str(made / "workload.toml") in str(refused.value)


def test_send_is_for_tcp_only(tmp_path: Path) -> None:
    made = folder(tmp_path, ready='send = "PING"')
    file = made / "workload.toml"
    file.write_text(file.read_text().replace('"tcp"', '"http"'))
    with pytest.raises(WorkloadError, match=r'ready\.send: only for kind = "tcp"'):
        load(made)


def test_every_workload_that_comes_along_loads_and_none_shares_a_port() -> None:
    found, errors = load_all(_PROJECT)
    assert errors == ()
    ports = [port for w in found for port in (w.container_port, w.vm_port)]
    assert len(ports) == len(set(ports))
    for workload in found:
        assert {"Dockerfile", "provision.sh"} <= {file.name for file in workload.folder.iterdir()}
        assert workload.probe.contains, f"{workload.name}: a connection alone proves nothing"


@contextmanager
def service(reply: bytes) -> Iterator[int]:
    """Accepts at once; answers what it was sent with `reply`, or closes without one."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(64)
                connection.sendall(reply)

        Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def test_a_service_is_up_when_it_says_what_only_it_can() -> None:
    ping = Probe(kind="tcp", send="PING\r\n", contains="+PONG")
    with service(b"+PONG\r\n") as port:
        assert answers(ping, port)


def test_a_proxy_that_only_accepts_is_no_service() -> None:
    ping = Probe(kind="tcp", send="PING\r\n", contains="+PONG")
    with service(b"") as port:
        assert not answers(ping, port)
