"""Every parser of what others wrote, with an example of it and the errors it may answer with.

Used by the property tests and by the long run (`python -m tests.fuzz`).
"""

from __future__ import annotations

import json
import random
import re
import tempfile
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from rich.color import ColorSystem
from rich.segment import Segment
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from tests.hostile import EVIL, MARKUP, escaped
from tests.wrong_files import right
from tui.cli.tables import instance_json, table
from tui.engines.docker.answers import checked_entries, checked_inspection
from tui.engines.docker.endpoint import resolve
from tui.engines.vagrant.status import parse_status
from tui.errors import TwindeckError
from tui.history.run_reader import Unreadable, read_measurement, read_run
from tui.lab.exchange import parse as parse_runs
from tui.lab.fingerprint import version_in
from tui.lab.instruments.fio import parse_jobs
from tui.lab.instruments.http import parse_requests
from tui.lab.instruments.network import parse_iperf
from tui.lab.instruments.performance import parse_bandwidth, parse_events
from tui.lab.noise import parse_pressure, parse_swapped, parse_ticks
from tui.lab.table import make_table
from tui.lab.tools import parse_ldd
from tui.meters import cgroup_text
from tui.meters.cgroup_paths import locate, read_memberships, read_mounts
from tui.meters.engine_stats import counters_of, cpu_percent
from tui.meters.guest import parse as parse_guest
from tui.model import Instance
from tui.paint import Canvas
from tui.sides.docker_rows import instance_of, run_of
from tui.sides.docker_streams import lines_of
from tui.sides.hypervisor import identify, parse_tunnel
from tui.sides.libvirt import parse_definition, parse_domains
from tui.sides.vagrant_index import name_entries, parse_index
from tui.sides.vagrant_output import accelerator_of, failure, is_progress, phase_of, reason
from tui.store import _from_json, _is_sound
from tui.text import clean, harmless
from tui.units import age, iec, seconds, timestamp
from tui.workloads import load


@dataclass(frozen=True)
class Parser:
    """One of them."""

    name: str
    run: Callable[[Any], object]
    """Takes text, bytes or a JSON value, as the examples are; checks what comes out."""
    examples: tuple[Any, ...]
    errors: tuple[type[BaseException], ...] = ()
    """The ways it may say no."""


def _shown(instance: Instance) -> None:
    """All that is done with an instance before it is on screen or on stdout."""
    json.dumps(instance_json(instance))
    text = table(("NAME", "IMAGE"), [(instance.name, instance.image or "", *instance.ports)[:2]])
    assert escaped(text.replace("\n", "")) == []
    timestamp(instance.created_at)
    age(None if instance.started_at is None else 2e9 - instance.started_at)


def _clean(text: str) -> None:
    assert escaped(clean(text)) == []
    assert clean(clean(text)) == clean(text)
    assert harmless(harmless(text)) == harmless(text)


def _paint(text: str) -> None:
    strip = Strip([Segment(text)])
    update = LayoutUpdate([[strip]], Region(0, 0, strip.cell_length, 1))
    assert escaped(Canvas().paint(update, ColorSystem.TRUECOLOR)) == []


def _runs(content: bytes) -> None:
    for study in parse_runs(content, "there.json").studies:
        make_table(study)


def _entries(answer: Any) -> None:
    for entry in checked_entries(answer):
        _shown(instance_of(entry, None, {}))


def _inspection(answer: Any) -> None:
    run = run_of(checked_inspection(answer))
    assert run.pid is None or run.pid > 0
    timestamp(run.started_at)


def _index(text: str) -> None:
    for name, entry in name_entries(parse_index(text) or (), Path("/srv/web")).items():
        assert name
        entry.folder.exists()
        assert entry.has_vagrantfile in (True, False)


def _stored(text: str) -> None:
    instance = _from_json(text)
    if instance is not None and _is_sound(instance):
        _shown(instance)


def _libvirt(text: str) -> None:
    json.dumps(parse_definition(text).tree)


def _vagrant(text: str) -> None:
    for line in text.split("\n"):
        phase_of(line)
        accelerator_of(line)
        is_progress(line)
    assert escaped(failure("up", "web", Path("/srv"), text.split("\n")).line) == []
    reason(text.split("\n"))


def _cgroup(text: bytes) -> None:
    cgroup_text.number(text)
    cgroup_text.field(text, b"total_inactive_file")
    cgroup_text.cpu_ns_v2(text)
    cgroup_text.limit_bytes(text, 2**33)
    cgroup_text.block_bytes_v1(text)
    cgroup_text.block_bytes_v2(text)
    cgroup_text.network_bytes(text)
    cgroup_text.interface_names(text)


def _paths(text: str) -> None:
    locate(read_memberships(text), read_mounts(text), "4f5c2a9be01d", Path("/"))


def _stats(value: Any) -> None:
    now = counters_of(value if isinstance(value, dict) else {})
    percent, why = cpu_percent(counters_of(_STATS), now)
    assert (percent is None) == (why is not None)
    for size in (now.memory_bytes, now.limit_bytes):
        iec(size)


def _guest(text: str) -> None:
    guest = parse_guest(text, 1.7e9)
    iec(guest.used_bytes)


def _chunks(content: bytes) -> None:
    whole = list(lines_of(iter([content])))
    halves = list(lines_of(iter([content[: len(content) // 2], content[len(content) // 2 :]])))
    assert max(map(len, (*whole, *halves)), default=0) <= 64 * 1024


def _status(text: str) -> None:
    answer = parse_status(text, "web", 0.0)
    assert escaped(answer.word + answer.note) == []


def _process(text: str) -> None:
    argv = text.split(" ")
    identify(argv)
    parse_tunnel(1, argv)


def _noise(text: str) -> None:
    parse_ticks(text)
    parse_swapped(text)
    parse_pressure(text)


def _tools(text: str) -> None:
    # What a tool prints is decoded with replacement characters.
    text = text.encode(errors="replace").decode()
    for parse in (parse_requests, parse_iperf, parse_events, parse_bandwidth):
        try:
            found = parse(text)
        except TwindeckError:
            continue
        assert found
    version_in(text)
    parse_ldd(text)


@cache
def _temporary() -> tempfile.TemporaryDirectory[str]:
    # Kept as long as the process lasts, and removed with it.
    return tempfile.TemporaryDirectory(prefix="twindeck-fuzz-")


@cache
def _folder() -> Path:
    folder = Path(_temporary().name) / "workloads" / "web"
    folder.mkdir(parents=True)
    return folder


def _workload(text: str) -> None:
    file = _folder() / "workload.toml"
    file.write_bytes(text.encode(errors="surrogatepass"))
    assert load(_folder()).title.isprintable()


def _endpoint(text: str) -> None:
    assert "://" in resolve({"DOCKER_HOST": text, "HOME": "/nowhere"}).url


def _context(text: str) -> None:
    file = _folder() / "config.json"
    file.write_bytes(text.encode(errors="surrogatepass"))
    resolve({"DOCKER_CONFIG": str(_folder()), "HOME": "/nowhere"})


_HOSTS = ("unix:///run/docker.sock", "ssh://u@h:22", "tcp://[::1]:1")
_ENTRY = {
    "Id": "4f5c2a9be01d" * 5,
    "Names": ["/web", "/other/web"],
    "Image": "nginx:1",
    "State": "exited",
    "Status": "Exited (137) 2 hours ago",
    "Created": 1_700_000_000,
    "Labels": {"com.docker.compose.project": "shop", "twindeck.workload": "nginx"},
    "Ports": [
        {"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
        {"IP": "::", "PrivatePort": 443, "PublicPort": 8443, "Type": "tcp"},
    ],
}
_INSPECTION = {
    "Id": "4f5c",
    "RestartCount": 2,
    "HostConfig": {"Memory": 1 << 29},
    "State": {
        "Status": "running",
        "Pid": 815,
        "StartedAt": "2026-08-01T10:00:00.123456789Z",
        "OOMKilled": False,
        "Health": {"Status": "unhealthy", "Log": [{"ExitCode": 1, "Output": "refused"}]},
    },
}
_STATS = {
    "cpu_stats": {
        "cpu_usage": {"total_usage": 10**9, "percpu_usage": [1, 2]},
        "system_cpu_usage": 10**12,
        "online_cpus": 2,
    },
    "memory_stats": {"usage": 10**8, "limit": 10**10, "stats": {"inactive_file": 10**6}},
    "networks": {"eth0": {"rx_bytes": 1, "tx_bytes": 2}},
    "blkio_stats": {"io_service_bytes_recursive": [{"op": "Read", "value": 3}]},
    "pids_stats": {"current": 4},
}
_INDEX = json.dumps(
    {
        "version": 1,
        "machines": {
            "a1": {
                "name": "web",
                "provider": "libvirt",
                "state": "running",
                "vagrantfile_path": "/srv/web",
                "vagrantfile_name": ["Vagrantfile"],
                "local_data_path": "/srv/web/.vagrant",
                "extra_data": {"box": {"name": "debian/bookworm64"}},
            }
        },
    }
)
_STORED = json.dumps(
    {
        "side": "container",
        "name": "web",
        "state": "running",
        "id": "c2",
        "image": "nginx:1",
        "group": "",
        "ports": ["127.0.0.1:8080->80/tcp"],
        "created_at": 1.7e9,
        "started_at": 1.7e9,
        "workload": None,
        "provider": "docker",
        "accelerator": None,
        "pid": 815,
        "exit_code": None,
        "busy": None,
        "directory": None,
    }
)
_XML = """<domain type='kvm'><name>web</name><description>Source: /srv/web/Vagrantfile</description>
<devices><serial type='file'><source path='/var/log/c.log'/></serial>
<disk device='disk'><source file='/a.qcow2'/></disk></devices></domain>"""
_DOMAINS = """ 3f1b0d0e-1111-2222-3333-444455556666 web_default
Domain: 'web_default'
  state.state=1
"""
_VAGRANT = """==> web: Creating domain with the following settings...
==> web:  -- Domain type:       kvm
==> web: Waiting for machine to boot. This may take a few minutes...
    web: Progress: 12%
The following error: Message: /srv/Vagrantfile:3: undefined local variable
Line number: 3
Path: /srv/Vagrantfile
"""
_CGROUP = b"""usage_usec 123
total_inactive_file 4096
8:0 Read 4096
8:0 rbytes=1 wbytes=2
  eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16
9223372036854771712
"""
_PATHS = """30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw
31 23 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
0::/system.slice/docker-4f5c2a9be01d.scope
4:cpu,cpuacct:/docker/4f5c2a9be01d
"""
_GUEST = """  balloon.current=2097152
  balloon.available=2000000
  balloon.unused=1000000
  balloon.last-update=1700000000
  net.0.rx.bytes=1
  net.0.tx.bytes=2
  block.0.rd.bytes=3
  block.0.wr.bytes=4
"""
_STATUS = """1700000000,web,metadata,provider,virtualbox
1700000000,web,state,running
1700000000,web,state-human-short,running
1700000000,,error-exit,Vagrant::Errors::X,it%!(VAGRANT_COMMA) failed\\nso
"""
_PROCESS = (
    "qemu-system-x86_64 -machine pc,accel=kvm:tcg -uuid 3f1b0d0e -enable-kvm",
    "ssh -N -L 127.0.0.1:18080:localhost:80 vagrant@192.168.1.2",
    "VBoxHeadless --comment web --startvm 3f1b",
)
_NOISE = "cpu  1 2 3 4 5 6 7 8 9 10\npswpin 1\npswpout 2\nsome avg10=0.12 avg60=0.1 total=1\n"
_TOOLS = (
    "Running 2s test @ http://x\n  100 requests in 2.00s, 1.20MB read\nRequests/sec:   50.00\n",
    json.dumps({"end": {"sum_received": {"bits_per_second": 1e9}}}),
    "events per second:   1180.00\n 10 MiB transferred (123.45 MiB/sec)\n",
    "\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f)\nh2load nghttp2/1.52.0",
)
_FIO = 'fio: warning\n{"jobs": [{"jobname": "randread", "error": 0, "read": {"iops": 1}}]}'
_WORKLOAD = """title = "nginx serving one static page"
[resources]
memory_mib = 512
[ports]
guest = 80
container = 8080
vm = 18080
[ready]
kind = "http"
path = "/"
[container]
images = ["debian:bookworm-slim"]
[vm]
boxes = ["debian/bookworm64"]
[load]
title = "GET"
command = ["wrk", "-d{seconds}"]
pattern = 'Requests/sec: +([\\d.]+)'
unit = "requests/s"
"""
_RUNS = json.dumps(right())
_SMALL_RUN = right()["runs"][0]
_SMALL_RUN["run"]["metrics"] = _SMALL_RUN["run"]["metrics"][:2]
_NO = (TwindeckError,)

PARSERS: tuple[Parser, ...] = (
    Parser("text: clean", _clean, (EVIL, MARKUP, "\x1b[31mred\x1b[0m\r\n")),
    Parser("terminal: cells", _paint, (EVIL, MARKUP, "👨\u200d👩 ❤\ufe0f e\u0301 漢")),
    Parser("figures", lambda text: (seconds(len(text)), iec(len(text))), ("x",)),
    Parser("runs: file", _runs, (_RUNS.encode(),), _NO),
    Parser("runs: run", read_run, (json.dumps(_SMALL_RUN["run"]),), (Unreadable,)),
    Parser(
        "runs: reading",
        read_measurement,
        tuple(json.dumps(m) for m in _SMALL_RUN["measurements"]),
        (Unreadable,),
    ),
    Parser("history: instance", _stored, (_STORED,)),
    Parser("workload.toml", _workload, (_WORKLOAD,), _NO),
    Parser("docker: list", _entries, ([_ENTRY, {**_ENTRY, "Names": ["/b"]}],)),
    Parser("docker: inspection", _inspection, (_INSPECTION,)),
    Parser("docker: stats", _stats, (_STATS,)),
    Parser("docker: log stream", _chunks, (b"one\ntwo\r\n\xff\xfe", b"x" * 70_000)),
    Parser("docker: host", _endpoint, _HOSTS, _NO),
    Parser("docker: configuration", _context, ('{"currentContext": "default"}',), _NO),
    Parser("vagrant: index", _index, (_INDEX,)),
    Parser("vagrant: output", _vagrant, (_VAGRANT,)),
    Parser("vagrant: status", _status, (_STATUS,)),
    Parser("libvirt: domains", parse_domains, (_DOMAINS,)),
    Parser("libvirt: definition", _libvirt, (_XML,), _NO),
    Parser("libvirt: guest", _guest, (_GUEST,)),
    Parser("processes: command line", _process, _PROCESS),
    Parser("kernel: cgroup files", _cgroup, (_CGROUP,)),
    Parser("kernel: cgroup paths", _paths, (_PATHS,)),
    Parser("kernel: noise", _noise, (_NOISE,)),
    Parser("tools: output", _tools, _TOOLS),
    Parser("tools: fio", lambda text: parse_jobs(text, ["randread"]), (_FIO,), _NO),
)

_WORDS = (
    *("\x00", "\x1b", "\x9b", "\u202e", "\ud800", "\ufeff", "\n", "\r", "\t", " ", ",", ":", "="),
    *(
        "[",
        "]",
        "{",
        "}",
        '"',
        "'",
        "\\",
        "\\u0000",
        "\\ud800",
        "/",
        "..",
        "%",
        "<",
        "&lt;",
        "&#0;",
    ),
    *("null", "true", "NaN", "Infinity", "1e999", "-1", "0", "9" * 25, "9" * 5000, "١٢٣"),
    *(EVIL, MARKUP, "[" * 3000, '{"a":' * 3000, "<a>" * 2000, "<!DOCTYPE a [<!ENTITY b 'c'>]>"),
)
_VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1.5,
        10**30,
        10**400,
        -(10**400),
        1e308,
        float("inf"),
        float("nan"),
    ),
    *("", "x", "\x00", "\ud800", EVIL, MARKUP, "9" * 5000, [], [[]], {}, {"": None}, [None]),
)


def mutated(example: Any, luck: random.Random) -> Any:
    """The example with some damage of its own kind."""
    if isinstance(example, str):
        return _mutated_text(example, luck)
    if isinstance(example, bytes):
        text = _mutated_text(example.decode("latin-1"), luck)
        return text.encode("latin-1", "replace")
    return _mutated_value(deepcopy(example), luck)


def _mutated_text(text: str, luck: random.Random) -> str:
    for _ in range(luck.choice((1, 1, 2, 3, 8))):
        start = luck.randrange(len(text) + 1)
        end = min(len(text), start + luck.choice((0, 0, 1, 1, 2, 8, 64)))
        match luck.randrange(6):
            case 0:
                text = text[:start] + text[end:]
            case 1:
                text = text[:end] + text[start:]
            case 2:
                text = text[:start] + chr(luck.randrange(0x20000)) + text[end:]
            case 3:
                text = text[:start]
            case 4:
                numbers = list(re.finditer(r"\d+", text))[:50]
                if numbers:
                    one = luck.choice(numbers)
                    text = text[: one.start()] + luck.choice(_WORDS) + text[one.end() :]
            case _:
                text = text[:start] + luck.choice(_WORDS) + text[end:]
    return text


def _mutated_value(value: Any, luck: random.Random) -> Any:
    for _ in range(luck.choice((1, 1, 2, 4))):
        holder, key = None, None
        at = value
        while isinstance(at, dict | list) and at and (holder is None or luck.random() < 0.75):
            holder = at
            key = luck.choice(list(at)) if isinstance(at, dict) else luck.randrange(len(at))
            at = at[key]
        if holder is None:
            return luck.choice(_VALUES)
        if luck.random() < 0.15:
            del holder[key]
        else:
            holder[key] = luck.choice(_VALUES)
    return value
