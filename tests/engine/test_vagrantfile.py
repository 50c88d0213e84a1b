"""The subnet that our Vagrantfile gives machines, as Vagrant's own Ruby works it out."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.engine

VAGRANTFILE = Path(__file__).parents[2] / "Vagrantfile"
_STUB = "module Vagrant; def self.configure(*) end; end; load ARGV.shift; "
_HEADER = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n"


def route(interface: str, network: str, length: int) -> str:
    """A line of /proc/net/route, whose numbers are little-endian."""
    octets = bytes(int(part) for part in network.split("."))
    mask = ((1 << 32) - (1 << (32 - length))).to_bytes(4, "big")
    words = [
        octets[::-1].hex().upper(),
        "00000000",
        *("0001", "0", "0", "0"),
        mask[::-1].hex().upper(),
    ]
    return f"{interface} {' '.join(words)} 0 0 0\n"


@pytest.mark.parametrize(
    ("routes", "octet"),
    [
        ([], 121),
        ([("eth0", "0.0.0.0", 0), ("eth0", "10.0.0.0", 8)], 121),
        ([("eth0", "192.168.121.0", 24)], 124),
        ([("virbr1", "192.168.121.0", 24)], 121),
        ([("eth0", "192.168.121.16", 28)], 124),
        ([("eth0", "192.168.121.0", 24), ("tun0", "192.168.124.0", 23)], 126),
        ([("tun0", "192.168.0.0", 16)], 121),
    ],
    ids=["no route", "others", "the same", "libvirt's own", "a part", "two", "all of them"],
)
def test_machines_get_a_subnet_that_the_host_is_not_in(
    tmp_path: Path, routes: list[tuple[str, str, int]], octet: int
) -> None:
    file = tmp_path / "route"
    file.write_text(_HEADER + "".join(route(*each) for each in routes))
    code = f"{_STUB} print free_subnet(taken_networks(ARGV.shift))"
    done = subprocess.run(
        ["ruby", "-e", code, str(VAGRANTFILE), str(file)], capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == (str(octet), "")


@pytest.mark.parametrize(("word", "is_told"), [("up", True), ("status", False)])
def test_another_subnet_is_told_when_a_machine_comes_up(word: str, is_told: bool) -> None:
    """On a host of the test's own, a network namespace, that is in 192.168.121.0/24 itself."""
    network = "ip link add h0 type veth peer name h1; ip addr add 192.168.121.7/24 dev h0; "
    network += 'ip link set h1 up; ip link set h0 up; exec "$@"'
    code = f"{_STUB} print $twindeck_subnet"
    done = subprocess.run(
        (
            *("unshare", "--map-root-user", "--net", "sh", "-c", network, "sh"),
            *("ruby", "-e", code, str(VAGRANTFILE), word),
        ),
        capture_output=True,
        text=True,
    )
    assert done.stdout == "124"
    told = "This host is in 192.168.121.0/24 itself: machines are given 192.168.124.0/24.\n"
    assert done.stderr == (told if is_told else "")
