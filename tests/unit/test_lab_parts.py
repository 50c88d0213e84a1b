"""What instruments read out of tools, and what reports make of a study."""

from __future__ import annotations

import csv
import io
import json
import struct
from html.parser import HTMLParser
from pathlib import Path
from typing import ClassVar

import pytest

from tests.studies import study, taken
from tui.errors import ActionFailed
from tui.lab.fingerprint import fingerprint, version_in
from tui.lab.instruments.density import _addresses_beside, _readings
from tui.lab.instruments.network import (
    parse_iperf,
    parse_wrk,
    percentile,
    scheduled_delays,
)
from tui.lab.instruments.os_support import foreign_program
from tui.lab.instruments.probes import capabilities
from tui.lab.instruments.security import exposure_of
from tui.lab.noise import Look, differences, parse_pressure, parse_swapped, parse_ticks
from tui.lab.reports import FORMATS, render
from tui.lab.table import make_table
from tui.results import Arm, Measurement, Study

WRK = """Running 3s test @ http://127.0.0.1:18190/
  1 threads and 8 connections
  1932 requests in 3.00s, 771.67KB read
Requests/sec:    643.24
Transfer/sec:    256.92KB
"""


def test_requests_a_second_are_read_from_wrk() -> None:
    assert parse_wrk(WRK) == 643.24


@pytest.mark.parametrize(
    "extra",
    [
        "  Non-2xx or 3xx responses: 12\n",
        "  Socket errors: connect 0, read 3, write 0, timeout 0\n",
    ],
)
def test_a_refused_request_makes_the_reading_fail(extra: str) -> None:
    with pytest.raises(ActionFailed, match="wrk: "):
        parse_wrk(WRK.replace("Requests/sec", f"{extra}Requests/sec"))


def test_no_answer_at_all_is_a_failure_not_a_zero() -> None:
    with pytest.raises(ActionFailed, match="no request was answered"):
        parse_wrk(WRK.replace("643.24", "0.00"))
    with pytest.raises(ActionFailed, match="iperf3: unable to connect"):
        parse_iperf('{"error": "unable to connect"}')


def test_a_stall_counts_for_every_request_it_delays() -> None:
    """Ten a second; the third waits 400 ms, so the next three are sent late, at once."""
    starts_ms = [0, 100, 200, 600, 601, 602, 700]
    took_ms = [1, 1, 400, 1, 1, 1, 1]
    log = "\n".join(f"{1000 * s}\t200\t{1000 * t}" for s, t in zip(starts_ms, took_ms, strict=True))
    delays = [round(1000 * x) for x in scheduled_delays(log, 10.0)]
    assert delays == [1, 1, 400, 301, 202, 103, 101]


def test_a_failed_request_in_the_log_is_a_failure() -> None:
    with pytest.raises(ActionFailed, match="1 of 2 requests failed"):
        scheduled_delays("0\t200\t10\n20000\t503\t10\n", 50)


def test_percentiles_are_by_nearest_rank() -> None:
    ordered = [float(n) for n in range(1, 101)]
    assert percentile(ordered, 50) == 50
    assert percentile(ordered, 99) == 99
    assert percentile([5.0], 99) == 5


@pytest.mark.parametrize(("machine", "number"), [("aarch64", 183), ("x86_64", 62)])
def test_the_foreign_program_is_an_elf_of_its_processor(machine: str, number: int) -> None:
    program = foreign_program(machine)
    kind, found = struct.unpack_from("<HH", program, 16)
    entry, offset = struct.unpack_from("<QQ", program, 24)
    assert program.startswith(b"\x7fELF\x02\x01")
    assert (kind, found, offset) == (2, number, 64)
    assert entry - 0x400000 == 120
    assert len(program) == struct.unpack_from("<Q", program, 64 + 32)[0]


def test_capabilities_are_counted_from_their_mask() -> None:
    assert capabilities("00000000a80425fb") == 14
    assert capabilities("") == 0


def test_what_opens_a_container_up_is_named() -> None:
    told = exposure_of(
        {
            "HostConfig": {"Privileged": True, "NetworkMode": "host", "Memory": 1, "PidsLimit": 9},
            "Mounts": [{"Type": "bind", "Source": "/var/run/docker.sock"}],
        }
    )
    assert told == "privileged; network of the host; host's /var/run/docker.sock"


def test_density_follows_the_slope_and_names_the_first_wall() -> None:
    gib = 2.0**30
    walls = {"ports of a bridge": 1023.0}
    points = [20 * gib - 0.5 * gib * k for k in range(4)]
    by_id = {r.metric: r for r in _readings(points, 3.0, 4 * gib, walls, "")}
    assert by_id["density.memory"].value == pytest.approx(0.5 * gib)
    assert by_id["density.count"].value == 32
    assert "first wall: memory" in by_id["density.count"].note
    small = [20 * gib - k * 2**20 for k in range(4)]
    by_id = {r.metric: r for r in _readings(small, 3.0, gib, walls, "")}
    assert by_id["density.count"].value == 1023
    assert "ports of a bridge" in by_id["density.count"].note


def test_no_slope_is_an_error_not_a_number() -> None:
    by_id = {r.metric: r for r in _readings([5e9, 5e9, 5.1e9], -0.4, 1e9, {}, "")}
    assert by_id["density.count"].value is None
    assert "no slope" in by_id["density.count"].error


@pytest.mark.parametrize("percent", [-0.4, 0.0, 1e-6])
def test_cpu_below_the_clocks_tick_is_no_figure(percent: float) -> None:
    by_id = {r.metric: r for r in _readings([6e9, 5e9, 4e9], percent, 1e9, {}, "")}
    assert by_id["density.cpu"].value is None
    assert "one tick of the host's clock" in by_id["density.cpu"].error


def test_addresses_are_a_wall_where_a_network_of_this_host_gives_them() -> None:
    assert _addresses_beside("127.0.0.9") == 2**24 - 3
    assert _addresses_beside("203.0.113.7") is None


def test_steal_swapping_heat_and_a_clock_step_are_told() -> None:
    before = Look((0,) * 8, 10, 0, 100.0)
    after = Look((900, 0, 50, 0, 0, 0, 0, 50), 12, 3, 101.0)
    told = differences(before, after)
    assert [line.split()[0] for line in told] == ["steal", "2", "CPU", "the"]
    assert differences(before, before) == ()


def test_the_kernels_counters_are_read() -> None:
    assert parse_ticks("cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1") == (1, 2, 3, 4, 5, 6, 7, 8)
    assert parse_swapped("pgpgin 5\npswpin 3\npswpout 4\n") == 7
    assert parse_pressure("some avg10=2.50 avg60=0.00 avg300=0.00 total=0\n") == 2.5
    assert parse_pressure("") is None


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("sysbench 1.0.20\n", "1.0.20"),
        ("fio-3.33\n", "3.33"),
        ("wrk debian/4.1.0-3+b2 [epoll] Copyright (C) 2012 Will Glozer", "4.1.0"),
        ("h2load nghttp2/1.52.0", "1.52.0"),
        ("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)", "7.2.22"),
        ("containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1", "1.6.20~ds1"),
        ("runc version 1.1.5+ds1\ncommit: x", "1.1.5+ds1"),
        ("h2load: unknown option", "unknown"),
    ],
)
def test_a_version_is_found_in_what_a_tool_says_of_itself(said: str, version: str) -> None:
    assert version_in(said) == version


def test_the_same_host_has_the_same_fingerprint() -> None:
    one, other = fingerprint(), fingerprint()
    assert one == other
    assert len(one[1]) == 12
    assert {"CPU", "Memory", "Kernel", "Docker", "Tools"} <= one[0].keys()


@pytest.fixture
def hostile(tmp_path: Path) -> Study:
    """What an engine may say, in a run with figures, facts and failures."""
    bad = "<script>alert(1)</script>|`x`\x1b[31m"
    return study(
        tmp_path,
        taken(
            "boot.warm", Arm.VM, 26.0, 27.0, 26.5, parts={"prepare": 1.0, "boot": 25.0}, note=bad
        ),
        taken("boot.warm", Arm.CONTAINER, 0.3, 0.31, 0.29),
        taken("isolation.kernel", Arm.HOST, text=bad),
        [Measurement("cpu.events", Arm.VM, 0, error=bad, noise=(bad,))],
        [Measurement("isolation.kernel", Arm.VM, 0, text="=1+1")],
        title=bad,
    )


@pytest.mark.parametrize("kind", FORMATS)
def test_a_report_is_the_same_each_time_and_of_plain_characters(hostile: Study, kind: str) -> None:
    text = render(make_table(hostile), hostile, kind)
    assert text == render(make_table(hostile), hostile, kind)
    assert "\x1b" not in text or kind == "json"
    if kind in ("md", "html"):
        assert "<script" not in text.replace("\\<script", "")
        assert "software emulation" in text


def test_the_page_needs_nothing_else_and_its_tags_are_closed(hostile: Study) -> None:
    text = render(make_table(hostile), hostile, "html")

    class Tags(HTMLParser):
        open: ClassVar[list[str]] = []

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert not {"src", "href"} & {name for name, value in attrs if (value or "")[:1] != "#"}
            if tag not in ("meta", "br"):
                self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

        def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            pass

    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    assert "@import" not in text
    assert text.count("<svg") >= 2


def test_the_csv_holds_every_reading_and_no_formula(hostile: Study) -> None:
    rows = list(csv.DictReader(io.StringIO(render(make_table(hostile), hostile, "csv"))))
    assert len(rows) == len(hostile.measurements)
    assert [row["value"] for row in rows[:3]] == ["26.0", "27.0", "26.5"]
    assert rows[-1]["text"] == "'=1+1"


def test_the_json_report_holds_every_reading(hostile: Study) -> None:
    whole = json.loads(render(make_table(hostile), hostile, "json"))
    assert len(whole["measurements"]) == len(hostile.measurements)
