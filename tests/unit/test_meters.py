"""Answers of the engine and of libvirt as figures; the meters' own bookkeeping."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tui.engines.libvirt.virsh import Virsh, VirshError, error_in
from tui.meters.engine_stats import Counters, counters_of, cpu_percent
from tui.meters.guest import Guests, parse
from tui.meters.host import HostMeter
from tui.meters.machines import MachineMeter
from tui.model import Instance, SideName, State

UUID = "280b41ff-245a-47bf-a0df-ce0393a87e27"
ANSWER = """\
virsh # domstats --raw --balloon --interface --block --nowait UUID
Domain: 'web'
  balloon.current=524288
  balloon.unused=226448
  balloon.available=481276
  balloon.last-update=1000
  net.count=2
  net.0.name=vnet0
  net.0.rx.bytes=100
  net.0.tx.bytes=10
  net.1.rx.bytes=5
  net.1.tx.bytes=1
  block.count=1
  block.0.path=/var/lib/libvirt/images/web.img
  block.0.rd.bytes=145351680
  block.0.wr.bytes=219316224
"""


def stats(**changes: Any) -> dict[str, Any]:
    return {
        "cpu_stats": {
            "cpu_usage": {"total_usage": 1_000, "percpu_usage": [1, 2]},
            "system_cpu_usage": 100_000,
            "online_cpus": 4,
        },
        "memory_stats": {"usage": 9000, "limit": 64, "stats": {"total_inactive_file": 2000}},
        "networks": {
            "eth0": {"rx_bytes": 7, "tx_bytes": 1},
            "eth1": {"rx_bytes": 1, "tx_bytes": 1},
        },
        "blkio_stats": {
            "io_service_bytes_recursive": [
                {"op": "Read", "value": 10},
                {"op": "write", "value": 20},
                {"op": "Total", "value": 30},
            ]
        },
        "pids_stats": {"current": 3},
        **changes,
    }


def test_an_engine_answer_follows_docker_stats() -> None:
    before = counters_of(stats())
    assert before == Counters(True, 1_000, 100_000, 4, 7000, 64, (8, 2), (10, 20), 3)
    now = replace(before, cpu_ns=26_000, system_cpu_ns=200_000)
    assert cpu_percent(before, now) == (100.0, None)
    assert cpu_percent(None, now) == (None, "needs two samples")
    assert cpu_percent(now, before)[0] is None


def test_an_engine_on_cgroup_v2_or_without_a_network() -> None:
    memory = {"usage": 9000, "limit": 64, "stats": {"inactive_file": 1000}}
    found = counters_of(stats(memory_stats=memory, networks=None, blkio_stats={}))
    assert (found.memory_bytes, found.network, found.block) == (8000, None, (0, 0))
    assert counters_of(stats(blkio_stats={})).block is None


def test_an_empty_answer_is_all_unknown() -> None:
    found = counters_of({"cpu_stats": {}, "memory_stats": {}, "pids_stats": {}})
    assert (found.cpu_ns, found.memory_bytes, found.pids) == (None, None, None)
    assert cpu_percent(found, found) == (None, "the engine does not tell it")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "cpu_usage",
                    "percpu_usage",
                    "stats",
                    "usage",
                    "eth0",
                    "io_service_bytes_recursive",
                    "op",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(sorted(stats())), JSON))
@example({"blkio_stats": {"io_service_bytes_recursive": [None, 1]}})
@example({"cpu_stats": {"cpu_usage": {"percpu_usage": True}}})
def test_any_answer_is_survived(answer: dict[str, Any]) -> None:
    counters_of(answer)


def test_a_guest_is_available_less_unused() -> None:
    guest = parse(ANSWER, now=1005.0)
    assert guest.used_bytes == (481276 - 226448) * 1024
    assert guest.given_bytes == 524288 * 1024
    assert (guest.network, guest.block) == ((105, 11), (145351680, 219316224))
    assert guest.reasons == {}


def test_stale_or_missing_guest_figures_have_reasons() -> None:
    stale = parse(ANSWER, now=1042.0)
    assert stale.used_bytes is None
    assert "42 s ago" in stale.reasons["used_bytes"]
    silent = parse("Domain: 'web'\n  balloon.current=524288\n  balloon.rss=1\n", now=0.0)
    assert "balloon driver" in silent.reasons["used_bytes"]
    assert silent.network is None
    gone = parse("error: failed to get domain 'x'\n", now=0.0)
    assert gone.reasons["used_bytes"] == "libvirt: failed to get domain 'x'"


def test_a_hostile_domain_name_adds_no_figures() -> None:
    guest = parse("Domain: 'x  balloon.unused=1 net.0.rx.bytes=5'\n", now=0.0)
    assert guest.used_bytes is None
    assert guest.network is None


@given(st.text(max_size=300))
def test_any_libvirt_answer_is_survived(output: str) -> None:
    guest = parse(output, now=0.0)
    assert guest.used_bytes is None or guest.used_bytes >= 0


def test_error_in_takes_the_first() -> None:
    assert error_in("virsh # x\nerror: one\nerror: two\n") == "one"
    assert error_in("Domain: 'x'\n") == ""


def test_only_real_uuids_reach_virsh(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    program = script(tmp_path, f"open({str(seen)!r}, 'a').write(line + '\\n')")
    guests = Guests(Virsh(program=program))
    hostile = "x; destroy web\n"
    found = guests.read([UUID, hostile])
    guests.close()
    assert found[hostile].reasons["used_bytes"] == "libvirt does not know it"
    assert "destroy" not in seen.read_text()
    assert UUID in seen.read_text()


def test_all_guests_are_asked_for_in_one_call(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    other = UUID[:-1] + "0"
    body = f"""open({str(seen)!r}, 'a').write(line + chr(10))
    if line.startswith('domname'): print('web' if {UUID!r} in line else "it's")
    if line.startswith('domstats'):
        print("Domain: 'web'\\n  balloon.current=1024\\n")
        print("Domain: 'it's'\\n  balloon.current=2048\\n")"""
    guests = Guests(Virsh(program=script(tmp_path, body)), read_only=True)
    for _ in range(2):
        found = guests.read([UUID, other])
    guests.close()
    assert found[UUID].given_bytes == 1024 * 1024
    assert found[other].given_bytes == 2048 * 1024
    asked = [line for line in seen.read_text().splitlines() if line.startswith("dom")]
    assert sum(line.startswith("domstats") for line in asked) == 2
    assert sum(line.startswith("domname") for line in asked) == 2


def test_a_guest_that_is_gone_does_not_hide_the_others(tmp_path: Path) -> None:
    gone = UUID[:-1] + "0"
    body = f"""if line.startswith('domname'): print('web' if {UUID!r} in line else 'gone')
    if line.startswith('domstats'):
        if {gone!r} in line: print("error: failed to get domain '{gone}'")
        else: print("Domain: 'web'\\n  balloon.current=1024\\n")"""
    guests = Guests(Virsh(program=script(tmp_path, body)), read_only=True)
    found = guests.read([UUID, gone])
    guests.close()
    assert found[UUID].given_bytes == 1024 * 1024
    assert "failed to get domain" in found[gone].reasons["used_bytes"]


def script(folder: Path, body: str) -> str:
    """A stand-in for virsh: runs `body` for each line, then echoes marks as virsh does."""
    file = folder / "virsh"
    file.write_text(
        f"#!{sys.executable}\nimport sys, time, os\nfor line in sys.stdin:\n"
        f"    line = line.rstrip()\n    print('virsh # ' + line)\n    {body}\n"
        "    if line.startswith('echo '):\n        print(line[5:], flush=True)\n"
    )
    file.chmod(0o755)
    return str(file)


def test_a_virsh_that_hangs_costs_one_wait_and_is_ended(tmp_path: Path) -> None:
    virsh = Virsh(program=script(tmp_path, "time.sleep(60)"))
    began = time.monotonic()
    with pytest.raises(VirshError, match="in time"):
        virsh.ask(["list"])
    assert time.monotonic() - began < 4.0
    assert virsh.pid is None
    began = time.monotonic()
    with pytest.raises(VirshError, match="in time"):
        virsh.ask(["list"])
    assert time.monotonic() - began < 0.1


def test_a_virsh_that_dies_says_why(tmp_path: Path) -> None:
    body = "print('error: no connection'); sys.stdout.flush(); os._exit(1)"
    with pytest.raises(VirshError, match="no connection"):
        Virsh(program=script(tmp_path, body)).ask(["list"])


def test_a_missing_virsh_is_a_reason() -> None:
    found = Guests(Virsh(program="/nonexistent/virsh")).read([UUID])
    assert found[UUID].reasons["used_bytes"] == "virsh is not installed"


def test_a_machine_without_libvirt_shows_its_host_cost_and_why_no_more() -> None:
    meter = MachineMeter()
    machine = Instance(
        side=SideName.VM, name="m", state=State.RUNNING, pid=os.getpid(), provider="virtualbox"
    )
    (first,) = meter.sample([machine])
    burnt, began = time.process_time(), time.monotonic()
    while time.process_time() - burnt < 0.2:
        pass
    share = (time.process_time() - burnt) / (time.monotonic() - began)
    (second,) = meter.sample([machine])
    meter.close()
    assert first.cpu_percent is None
    # A share of the time that passed, however little of it a busy host left to this process.
    assert second.cpu_percent == pytest.approx(100 * share, rel=0.5)
    assert second.memory_bytes == pytest.approx(psutil.Process().memory_info().rss, rel=0.1)
    assert second.memory_kind == "host-rss"
    assert second.guest_memory_bytes is None
    assert "virtualbox" in second.reasons["guest_memory_bytes"]


def test_a_process_that_has_ended_and_waits_to_be_reaped_is_no_machine_without_memory() -> None:
    with subprocess.Popen(["true"]) as child:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        machine = Instance(SideName.VM, "m", State.RUNNING, pid=child.pid, provider="virtualbox")
        meter = MachineMeter()
        assert list(meter.sample([machine])) == []
        meter.close()


def test_a_machine_whose_process_is_gone_is_left_out() -> None:
    meter = MachineMeter()
    gone = Instance(side=SideName.VM, name="m", state=State.RUNNING, pid=2**22 - 1)
    unknown = Instance(SideName.VM, "n", State.RUNNING, provider="libvirt")
    (sample,) = meter.sample([gone, unknown])
    assert sample.name == "n"
    assert sample.memory_bytes is None
    assert sample.reasons["memory_bytes"] == "its hypervisor process is not known"


def test_the_host_agrees_with_the_kernel() -> None:
    meter = HostMeter()
    assert meter.sample().cpu_percent is None
    burnt = time.process_time()
    while time.process_time() - burnt < 0.2:
        pass
    sample = meter.sample()
    assert sample.cores == os.cpu_count()
    assert sample.memory_total_bytes == psutil.virtual_memory().total
    assert 0 < sample.memory_used_bytes < sample.memory_total_bytes
    assert sample.cpu_percent is not None
    # One core of `cores` was busy all the while, give or take the kernel's 10 ms ticks.
    assert sample.cpu_percent > 70 / sample.cores
