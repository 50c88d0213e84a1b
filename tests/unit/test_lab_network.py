"""HTTP and TCP figures out of what wrk, h2load and iperf3 print, and the way requests take."""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.studies import workload
from tui.errors import ActionFailed
from tui.lab.instrument import Output
from tui.lab.instruments import http, network, paths
from tui.lab.instruments.throughput import parse_iperf, throughput
from tui.model import Instance, SideName, State
from tui.results import Arm, Metric

# wrk 4.1.0 through the published port of a container, in a shell that ends with `times`.
WRK = """Running 2s test @ http://127.0.0.1:42889/
  1 threads and 8 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   642.87us  669.56us  11.10ms   92.43%
    Req/Sec    14.79k     2.63k   19.22k    55.00%
  29454 requests in 2.01s, 11.49MB read
Requests/sec:  14688.50
Transfer/sec:      5.73MB
0m0.000000s 0m0.000000s
0m0.030000s 0m0.330000s
"""
REFUSED = WRK.replace("Requests/sec", "  Non-2xx or 3xx responses: 29454\nRequests/sec")
# h2load 1.52.0 --h1 -c1 --rps=50 through the SSH tunnel of an emulated VM.
H2LOAD = """1795434837525875\t200\t11099
1795434837546149\t200\t3988
1795434837566269\t200\t3936
1795434837586315\t200\t3860
1795434837606306\t200\t4023
1795434837626464\t200\t4181
"""
ROUTES = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
virbr1\t0079A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
"""
IPERF = {
    "end": {
        "sum_received": {"bits_per_second": 8e9},
        "cpu_utilization_percent": {"host_total": 40.5, "remote_total": 94.0},
    }
}


class FakeRig:
    """A pair of which every tool prints what the test says."""

    is_quick = True

    def __init__(self, folder: Path, *answers: str, kind: str = "http") -> None:
        self.workload = workload(folder, kind)
        self.answers = list(answers)
        self.commands: list[tuple[Arm, tuple[str, ...]]] = []
        self.slept: list[float] = []
        self.provider = "libvirt"
        self._folder = folder

    def run(self, arm: Arm, argv: Sequence[str], **_: Any) -> Output:
        self.commands.append((arm, tuple(argv)))
        log = next((w.partition("=")[2] for w in argv if w.startswith("--log-file=")), "")
        if log:
            Path(log).write_text(self.answers.pop(0), encoding="ascii")
            return Output("", "", 0, 1.0)
        if "iperf3 -s" in argv[-1]:
            return Output("", "", 0, 0.1)
        return Output(self.answers.pop(0), "", 0, 2.1)

    def tool(self, arm: Arm, name: str) -> tuple[str, ...]:
        return (name,)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def folder(self) -> Path:
        return self._folder

    def instance(self, arm: Arm) -> Instance:
        return Instance(SideName.VM, "lab-nginx", State.RUNNING, provider=self.provider)

    def guest_ip(self) -> str:
        return "192.168.121.248"

    def container_ip(self) -> str:
        return "172.17.0.7"


@pytest.fixture(autouse=True)
def _routes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "route").write_text(ROUTES)
    monkeypatch.setattr(paths, "_ROUTES", tmp_path / "route")


def ids(metrics: Sequence[Metric]) -> list[str]:
    return [metric.id for metric in metrics]


def test_wrks_report_is_read_whole() -> None:
    found = http.parse_requests(WRK)
    assert found == http.Requests(14688.50, 29454, 2.01, 11.49 * 2**20)
    assert found.count / found.seconds == pytest.approx(found.per_second, rel=0.01)
    assert http.generator_seconds(WRK) == pytest.approx(0.36)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("  9 requests in 100.04ms, 1.00KB read", 0.10004),
        ("  9 requests in 1.00m, 1.00KB read", 60),
    ],
)
def test_wrks_times_have_units(text: str, seconds: float) -> None:
    found = http.parse_requests(f"{text}\nRequests/sec:     90.00\n")
    assert found.seconds == pytest.approx(seconds)
    assert found.read_bytes == 1024


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (REFUSED, "29454 replies were no success"),
        ("Requests/sec:  10.00\n", "`N requests in N s`; its last line: Requests/sec"),
        ("", "no request was answered"),
        (
            "  9 requests in 2.00s, much read\nRequests/sec:  4.50\n",
            "to print a size, not much",
        ),
    ],
)
def test_what_is_no_whole_report_is_refused(text: str, words: str) -> None:
    with pytest.raises(ActionFailed, match=words):
        http.parse_requests(text)


def test_a_shell_that_tells_no_times_is_refused() -> None:
    with pytest.raises(ActionFailed, match="`times` told nothing"):
        http.generator_seconds(WRK.partition("0m0")[0])


def test_the_published_port_is_asked_from_the_host(tmp_path: Path) -> None:
    rig = FakeRig(tmp_path, WRK)
    published = network.instruments(rig.workload, is_quick=True)[0]
    (reading,) = published.measure(rig, Arm.CONTAINER)
    assert published.in_aa
    assert reading.value == 14688.50
    assert reading.parts["generator_cpu_seconds"] == pytest.approx(0.36)
    assert reading.parts["transferred_bytes_per_second"] == pytest.approx(5.73 * 2**20, rel=0.01)
    ((arm, argv),) = rig.commands
    assert arm is Arm.HOST
    assert argv[-5:] == ("wrk", "-t1", "-c8", "-d2s", "http://127.0.0.1:8080/")
    assert "generator-bound" not in reading.note


def test_a_busy_generator_is_told(tmp_path: Path) -> None:
    rig = FakeRig(tmp_path, WRK.replace("0m0.330000s", "0m1.700000s"))
    (reading,) = network.instruments(rig.workload, is_quick=True)[0].measure(rig, Arm.CONTAINER)
    assert reading.note.endswith("; generator-bound")


def test_paths_are_not_mixed(tmp_path: Path) -> None:
    """Each has its own address and says its own way; the port stands in each."""
    rig = FakeRig(tmp_path, *[WRK] * 4)
    _, over, inside, *_ = network.instruments(rig.workload, is_quick=True)
    notes = [one.measure(rig, arm)[0].note for one in (over, inside) for arm in one.arms]
    assert (
        notes
        == ["path: docker0, no proxy", "path: virbr1, no tunnel"] + ["path: loopback inside"] * 2
    )
    assert [(arm, argv[-1]) for arm, argv in rig.commands] == [
        (Arm.HOST, "http://172.17.0.7:80/"),
        (Arm.HOST, "http://192.168.121.248:80/"),
        (Arm.CONTAINER, "http://127.0.0.1:80/"),
        (Arm.VM, "http://127.0.0.1:80/"),
    ]


def test_a_guests_clock_that_runs_fast_is_refused(tmp_path: Path) -> None:
    rig = FakeRig(tmp_path, WRK.replace("in 2.01s", "in 2.60s"))
    inside = network.instruments(rig.workload, is_quick=True)[2]
    with pytest.raises(ActionFailed, match="the clock there is not to be trusted"):
        inside.measure(rig, Arm.VM)


def test_the_bridge_of_an_address_is_looked_up() -> None:
    assert paths.device_to("172.17.0.7", ROUTES) == "docker0"
    assert paths.device_to("192.168.121.9", ROUTES) == "virbr1"
    assert paths.device_to("10.0.2.15", ROUTES) == ""
    assert paths.device_to("172.17.0.7", "") == ""
    narrow = "br-7\t070011AC\t00000000\t0001\t0\t0\t0\tFFFFFFFF\t0\t0\t0\n"
    assert paths.device_to("172.17.0.7", ROUTES + narrow) == "br-7"
    assert paths.device_to("172.17.0.7", ROUTES + narrow.replace("0001", "0000")) == "docker0"


def test_where_there_is_no_way_over_a_bridge_the_reason_is_told(tmp_path: Path) -> None:
    rig = FakeRig(tmp_path)
    rig.provider = "virtualbox"
    with pytest.raises(ActionFailed, match="VirtualBox's NAT has no way"):
        paths.bridge(rig, Arm.VM)
    (tmp_path / "route").write_text("")
    with pytest.raises(ActionFailed, match=r"no route of its own to 172\.17\.0\.7"):
        paths.bridge(rig, Arm.CONTAINER)


def test_who_takes_a_port_is_seen() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        assert paths.listeners(port) == []
        assert "DNAT" in paths._between(port, Arm.CONTAINER)
        server.listen()
        (process,) = paths.listeners(port)
        assert paths._between(port, Arm.VM) == process.name()


def test_a_proxys_command_line_names_its_port() -> None:
    words = [
        "docker-proxy",
        "-proto",
        "tcp",
        "-host-ip",
        "127.0.0.1",
        "-host-port",
        "8080",
        "-container-port",
        "80",
    ]
    assert paths.is_proxy_of(words, 8080)
    assert not paths.is_proxy_of(words, 80)
    assert not paths.is_proxy_of([], 80)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("docker-proxy", "path: loopback, docker-proxy"),
        ("VBoxHeadless", "path: loopback, VirtualBox's NAT"),
        ("ssh", "path: loopback, the SSH tunnel vagrant-libvirt"),
    ],
)
def test_the_published_ports_way_is_named(
    name: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Process:
        def name(self) -> str:
            return name

    monkeypatch.setattr(paths, "listeners", lambda port: [Process()])
    assert paths.published(FakeRig(tmp_path), Arm.VM).path.startswith(told)


def test_latency_counts_from_the_schedule() -> None:
    delays = http.scheduled_delays(H2LOAD, 50)
    assert delays[0] == pytest.approx(0.011099)
    # Due 20 ms after the first, sent 274 us late.
    assert delays[1] == pytest.approx(0.003988 + 0.000274)


def test_latency_tells_what_the_generator_itself_took(tmp_path: Path) -> None:
    rig = FakeRig(tmp_path, H2LOAD)
    found = http.latency(rig, paths.published(rig, Arm.VM), 50, 6)
    assert len(found.seconds) == 6
    assert found.generator_seconds == pytest.approx(0.000394)
    assert not list(tmp_path.glob("h2load-*"))


def test_a_stall_is_not_the_generators_lateness(tmp_path: Path) -> None:
    """The third reply takes 65 ms; the three after it can only be sent then."""
    log = (
        "1000000\t200\t100\n1020000\t200\t100\n1040000\t200\t65000\n"
        "1105000\t200\t100\n1105100\t200\t100\n1105200\t200\t100\n"
    )
    rig = FakeRig(tmp_path, log)
    found = http.latency(rig, paths.published(rig, Arm.VM), 50, 6)
    assert [round(1000 * s, 1) for s in found.seconds] == [0.1, 0.1, 65.0, 45.1, 25.2, 5.3]
    assert found.generator_seconds == 0


@pytest.mark.parametrize(
    ("log", "count", "words"),
    [
        ("0\t200\t10\n40000\t200\t10\n80000\t200\t10\n", 3, "50 requests a second were not kept"),
        ("0\t200\t10\n20000\t200\t10\n", 3, "was to send 3 requests and logged 2"),
        ("0\t-1\t10\n", 1, "1 of 1 requests failed"),
        ("nothing\n", 1, "another format"),
        ("", 1, "sent no request"),
    ],
)
def test_latency_that_says_nothing_is_refused(
    log: str, count: int, words: str, tmp_path: Path
) -> None:
    rig = FakeRig(tmp_path, log)
    with pytest.raises(ActionFailed, match=words):
        http.latency(rig, paths.published(rig, Arm.VM), 50, count)


def test_both_percentiles_come_of_one_run(tmp_path: Path) -> None:
    lines = [f"{n * 20000}\t200\t{1000 + n}\n" for n in range(300)]
    rig = FakeRig(tmp_path, "".join(lines))
    latency = network.instruments(rig.workload, is_quick=True)[3]
    p50, p99 = latency.measure(rig, Arm.CONTAINER)
    assert (p50.value, p99.value) == (pytest.approx(0.001149), pytest.approx(0.001296))
    assert "300 requests" in p99.note
    assert "--rps=50" in rig.commands[0][1]


def test_both_ways_of_the_bridge(tmp_path: Path) -> None:
    back = json.loads(json.dumps(IPERF))
    back["end"]["sum_received"]["bits_per_second"] = 4e9
    busy = json.dumps({"error": "unable to connect to server: Connection refused"})
    rig = FakeRig(tmp_path, busy, json.dumps(IPERF), json.dumps(back))
    there, reverse = throughput(is_quick=True).measure(rig, Arm.VM)
    assert (there.metric, there.value) == ("tcp.throughput", 1e9)
    assert (reverse.metric, reverse.value) == ("tcp.throughput_reverse", 5e8)
    assert there.parts == {"cpu_percent_host": 40.5, "cpu_percent_inside": 94.0}
    assert there.note == "path: virbr1, no tunnel"
    # A server that is not up yet is asked again, not reported.
    assert len(rig.slept) == 1
    clients = [argv for arm, argv in rig.commands if arm is Arm.HOST]
    assert ["-R" in argv for argv in clients] == [False, False, True]
    servers = [argv[-1] for arm, argv in rig.commands if arm is Arm.VM]
    assert all(s.startswith("timeout ") and " -1 " in s for s in servers)


def test_one_way_that_fails_leaves_the_other(tmp_path: Path) -> None:
    rig = FakeRig(tmp_path, '{"error": "unable to send control message"}', json.dumps(IPERF))
    there, back = throughput(is_quick=True).measure(rig, Arm.CONTAINER)
    assert there.error == "iperf3: unable to send control message"
    assert there.value is None
    assert back.value == 1e9


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"end": {}}', '{"end": {"sum_received": {"bits_per_second": 0}}}']
)
def test_no_throughput_is_no_zero(text: str) -> None:
    with pytest.raises(ActionFailed, match="iperf3"):
        parse_iperf(text)


def test_a_workload_without_http_says_so_of_each_metric(tmp_path: Path) -> None:
    rig = FakeRig(tmp_path, kind="tcp")
    silent, tcp = network.instruments(rig.workload, is_quick=True)
    speaking = network.instruments(workload(tmp_path), is_quick=True)
    assert [*ids(silent.metrics), *ids(tcp.metrics)] == [
        metric.id for one in speaking for metric in one.metrics
    ]
    readings = silent.measure(rig, Arm.VM)
    assert [r.metric for r in readings] == ids(silent.metrics)
    assert {r.error for r in readings} == {"the workload speaks no HTTP"}
    assert rig.commands == []
