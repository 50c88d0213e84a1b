"""The engine's list entries as instances; its streams as lines; what it refuses in plain words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.core.log_mark import LogMark
from tui.engines.docker.endpoint import Endpoint
from tui.engines.docker.trouble import unavailable
from tui.errors import EngineUnavailable
from tui.model import HealthStatus, Probe, State, Workload
from tui.sides.containers import Containers
from tui.sides.docker_images import context_hash
from tui.sides.docker_marks import lines_behind, since_of
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


@pytest.mark.parametrize(
    ("status", "health"),
    [
        ("Up 3 seconds (health: starting)", HealthStatus.STARTING),
        ("Up 2 minutes (healthy)", HealthStatus.HEALTHY),
        ("Up 5 minutes (unhealthy)", HealthStatus.UNHEALTHY),
        ("Up 5 minutes", None),
        ("Up 2 minutes (Paused)", None),
        ("Exited (1) 2 hours ago", None),
    ],
)
def test_health_out_of_the_engines_list(status: str, health: HealthStatus | None) -> None:
    assert instance_of(entry(Status=status), None, {}).health is health


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ({}, ""),
        ({"Name": "no", "MaximumRetryCount": 0}, ""),
        ({"Name": ""}, ""),
        ({"Name": "always", "MaximumRetryCount": 0}, "always"),
        ({"Name": "unless-stopped"}, "unless-stopped"),
        ({"Name": "on-failure", "MaximumRetryCount": 0}, "on-failure"),
        ({"Name": "on-failure", "MaximumRetryCount": 3}, "on-failure:3"),
    ],
)
def test_a_restart_policy_is_told_as_the_docker_command_takes_it(
    policy: dict[str, Any], told: str
) -> None:
    run = run_of({"State": {"Pid": 5}, "HostConfig": {"RestartPolicy": policy}})
    assert instance_of(entry(), run, {}).restart_policy == told


def test_an_inspection_tells_why_it_was_killed_and_what_its_check_printed() -> None:
    killed = run_of(
        {
            "State": {"Status": "exited", "Pid": 0, "OOMKilled": True},
            "HostConfig": {"Memory": 8 * 2**20},
            "RestartCount": 2,
        }
    )
    assert killed.is_settled
    row = instance_of(entry(State="exited", Status="Exited (137) 1 second ago"), killed, {})
    assert (row.is_out_of_memory, row.memory_limit_bytes, row.restart_count) == (True, 2**23, 2)
    log = [{"ExitCode": 0, "Output": "ok"}, {"ExitCode": 7, "Output": "refused\n by 127.0.0.1\n"}]
    ill = run_of({"State": {"Pid": 5, "Health": {"Status": "unhealthy", "Log": log}}})
    assert ill.failed_check == "refused by 127.0.0.1 (exit code 7)"
    assert not ill.is_settled  # it prints something else next time
    well = run_of({"State": {"Pid": 5, "Health": {"Status": "healthy", "Log": log}}})
    assert (well.failed_check, well.is_settled) == ("", True)


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


def frames(*lines: tuple[int, str]) -> list[bytes]:
    """Messages as the engine sends them, a second apart."""
    return [f"2026-08-01T10:00:{second:02d}.000000001Z {text}\n".encode() for second, text in lines]


def test_a_log_is_read_on_behind_its_mark_without_the_engines_times() -> None:
    mark = LogMark()
    assert since_of(mark, ID) is None
    first = frames((1, "one"), (2, "two"))
    assert list(lines_behind(mark, iter(first), ID)) == ["one", "two"]
    assert mark == LogMark(ID, "2026-08-01T10:00:02.000000001Z")
    assert since_of(mark, ID) == 1785578402
    again = frames((2, "two"), (3, "three"))
    assert list(lines_behind(mark, iter(again), ID)) == ["three"]


def test_another_containers_log_is_read_from_its_beginning() -> None:
    mark = LogMark(ID, "2026-08-01T10:00:09.000000001Z")
    other = "cd" * 32
    assert since_of(mark, other) is None
    assert list(lines_behind(mark, iter(frames((1, "mine"))), other)) == ["mine"]
    assert mark.of == other


def test_a_line_that_itself_begins_with_a_time_keeps_it() -> None:
    own = "2025-01-01T00:00:00.000000000Z my own time"
    assert list(lines_behind(LogMark(), iter(frames((1, own))), ID)) == [own]


def test_a_terminals_log_cut_anywhere_is_read_on_too() -> None:
    mark = LogMark(ID, "2026-08-01T10:00:01.000000001Z")
    whole = b"".join(frames((1, "one"), (2, "two"), (3, "three")))
    single = (bytes([byte]) for byte in whole)
    assert list(lines_behind(mark, single, ID)) == ["two", "three"]


@given(st.lists(st.binary(max_size=60)), st.text(max_size=40))
def test_any_stream_and_any_mark_are_survived(chunks: list[bytes], stamp: str) -> None:
    mark = LogMark(ID, stamp)
    since_of(mark, ID)
    list(lines_behind(mark, iter(chunks), ID))
