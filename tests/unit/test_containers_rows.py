"""The engine's list entries as instances; its streams as lines; what it refuses in plain words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.engines.docker.endpoint import Endpoint
from tui.engines.docker.trouble import unavailable
from tui.errors import EngineUnavailable
from tui.model import Probe, State, Workload
from tui.sides.containers import Containers
from tui.sides.docker_images import context_hash
from tui.sides.docker_ports import is_port_refusal
from tui.sides.docker_rows import (
    Run,
    absent,
    exit_code_of,
    instance_of,
    name_of,
    ports_of,
    run_of,
    unix_seconds,
)
from tui.sides.docker_streams import lines_of

ID = "ab" * 32


def entry(**changes: Any) -> dict[str, Any]:
    return {
        "Id": ID,
        "Names": ["/web"],
        "Image": "debian:bookworm",
        "Created": 1795414238,
        "Ports": [],
        "Labels": {},
        "State": "running",
        "Status": "Up 5 seconds",
        **changes,
    }


def workload(name: str) -> Workload:
    return Workload(
        name=name,
        title=name,
        folder=Path("/w") / name,
        guest_port=80,
        container_port=8080,
        vm_port=18080,
        probe=Probe(kind="tcp"),
    )


def test_a_running_container() -> None:
    labels = {"twindeck.workload": "web", "com.docker.compose.project": "shop"}
    run = Run(pid=42, started_at=5.5)
    instance = instance_of(entry(Labels=labels), run, {"web": workload("web")})
    assert (instance.name, instance.state, instance.pid) == ("web", State.RUNNING, 42)
    assert (instance.started_at, instance.created_at) == (5.5, 1795414238.0)
    assert (instance.workload, instance.group) == ("web", "shop")
    assert instance.key == "container:web"


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("created", State.CREATED),
        ("running", State.RUNNING),
        ("paused", State.PAUSED),
        ("restarting", State.RESTARTING),
        ("removing", State.REMOVING),
        ("exited", State.STOPPED),
        ("dead", State.DEAD),
        ("improved", State.UNKNOWN),
    ],
)
def test_states(word: str, state: State) -> None:
    assert instance_of(entry(State=word), None, {}).state is state


def test_a_stopped_container_keeps_its_exit_code_and_no_start() -> None:
    instance = instance_of(
        entry(State="exited", Status="Exited (137) 2 hours ago"), Run(None, 5.0), {}
    )
    assert (instance.exit_code, instance.started_at) == (137, None)
    assert exit_code_of(entry()) is None


def test_a_workload_of_another_project_is_not_ours() -> None:
    labels = {"twindeck.workload": "elsewhere"}
    assert instance_of(entry(Labels=labels), None, {}).workload is None


def test_ports_are_published_ones_in_order() -> None:
    ports = [
        {"IP": "::", "PrivatePort": 80, "PublicPort": 8081, "Type": "tcp"},
        {"IP": "0.0.0.0", "PrivatePort": 53, "PublicPort": 530, "Type": "udp"},
        {"IP": "127.0.0.1", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
        {"PrivatePort": 9000, "Type": "tcp"},
    ]
    assert ports_of(entry(Ports=ports)) == (
        "0.0.0.0:530->53/udp",
        "127.0.0.1:8080->80/tcp",
        "[::]:8081->80/tcp",
    )
    assert ports_of(entry(Ports=None)) == ()


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["/web"], "web"),
        (["/app/db", "/web"], "web"),
        ([], ID[:12]),
        (None, ID[:12]),
        (["/a[red]\x1b[31m"], "a[red]\x1b[31m"),
    ],
)
def test_names(names: list[str] | None, expected: str) -> None:
    assert name_of(entry(Names=names)) == expected


def test_times_of_the_engine() -> None:
    assert unix_seconds("1970-01-01T00:00:01.5Z") == 1.5
    assert unix_seconds("1970-01-01T00:00:01.123456789+00:00") == pytest.approx(1.123456)
    assert unix_seconds("1970-01-01T01:00:01+01:00") == 1.0
    assert unix_seconds("0001-01-01T00:00:00Z") is None
    assert unix_seconds("") is None
    assert run_of({"State": {"Pid": 0, "StartedAt": "0001-01-01T00:00:00Z"}}) == Run(None, None)


def test_workloads_without_a_container_are_absent() -> None:
    (instance,) = absent([workload("web"), workload("db")], {"web"})
    assert (instance.name, instance.state, instance.workload) == ("db", State.ABSENT, "db")


@given(st.lists(st.binary(max_size=20), max_size=20))
def test_lines_do_not_depend_on_where_the_stream_is_cut(chunks: list[bytes]) -> None:
    whole = b"".join(chunks)
    assert list(lines_of(iter(chunks))) == list(lines_of(iter([whole])))
    assert len(list(lines_of(iter(chunks)))) == whole.count(b"\n") + (
        not whole.endswith(b"\n") and whole != b""
    )


def test_bytes_that_are_no_text_are_replaced_and_long_lines_cut() -> None:
    assert list(lines_of(iter([b"a\xff", b"b\r\n", b"\x1b[31mred"]))) == ["a�b", "\x1b[31mred"]
    long = list(lines_of(iter([b"x" * 50_000] * 4 + [b"\n"])))
    assert sum(map(len, long)) == 200_000
    assert max(map(len, long)) <= 65536


def test_the_context_hash_sees_names_modes_contents_and_the_base(tmp_path: Path) -> None:
    page = tmp_path / "site" / "index.html"
    page.parent.mkdir()
    page.write_text("one")
    hashes = [context_hash(tmp_path, "base")]
    page.write_text("two")
    hashes.append(context_hash(tmp_path, "base"))
    page.chmod(0o755)
    hashes.append(context_hash(tmp_path, "base"))
    page.rename(page.with_name("other.html"))
    hashes.append(context_hash(tmp_path, "base"))
    hashes.append(context_hash(tmp_path, "another base"))
    assert len(set(hashes)) == len(hashes)
    assert context_hash(tmp_path, "base") == hashes[3]


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (PermissionError(13, "Permission denied"), "may not be opened"),
        (FileNotFoundError(2, "No such file"), "not running"),
        (ConnectionRefusedError(111, "refused"), "not running"),
        (TimeoutError(), "in time"),
        (OSError(113, "No route [/x]\n\x1b[31m"), "No route [/x]"),
        (OSError("odd [/x]"), "does not answer as a Docker Engine"),
    ],
)
def test_an_engine_that_does_not_answer_is_one_plain_line(cause: OSError, expected: str) -> None:
    error = unavailable(RuntimeError("wrapped", cause), Endpoint())
    assert expected in str(error)
    assert error.fix
    assert "\n" not in error.line
    assert "\x1b" not in error.line


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("foo://x", "begins with none of unix://, tcp://, ssh://"),
        ("ssh://nobody@127.0.0.1:1", "connect to host 127.0.0.1 port 1: Connection refused"),
        ("tcp://127.0.0.1:1", "not running"),
        ("unix:///nonexistent/docker.sock", "not running"),
    ],
)
def test_a_wrong_docker_host_is_named(
    host: str, reason: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    health = Containers(tmp_path, []).health()
    assert not health.ok
    assert host in health.reason
    assert reason in health.reason
    assert health.fix
    with pytest.raises(EngineUnavailable):
        Containers(tmp_path, []).list()


def test_port_refusals_of_several_engines() -> None:
    assert is_port_refusal("Bind for 127.0.0.1:8080 failed: port is already allocated")
    assert is_port_refusal("listen tcp4 127.0.0.1:8080: bind: address already in use")
    assert not is_port_refusal("no such image")
