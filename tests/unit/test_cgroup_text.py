"""The kernel's formats: known answers, and nothing that makes the parsers fall over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.meters import cgroup_text as text

MEMORY_STAT_V1 = b"cache 2211840\nrss 102400\ninactive_file 7\ntotal_inactive_file 2199552\n"
NET_DEV = b"""Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs
    lo:     999      10    0    0    0     0          0         0      999      10    0
  eth0:    1000      10    0    0    0     0          0         0      200       3    0
  eth1:12345678901   10    0    0    0     0          0         0        5       3    0
"""


def test_field_takes_the_whole_name_only() -> None:
    assert text.field(MEMORY_STAT_V1, b"inactive_file") == 7
    assert text.field(MEMORY_STAT_V1, b"total_inactive_file") == 2199552
    assert text.field(MEMORY_STAT_V1, b"cache") == 2211840
    assert text.field(MEMORY_STAT_V1, b"file") is None
    assert text.field(b"", b"cache") is None


def test_cpu_of_both_versions_is_nanoseconds() -> None:
    assert text.cpu_ns_v1(b"24366685\n") == 24366685
    assert text.cpu_ns_v2(b"usage_usec 24366\nuser_usec 1\nsystem_usec 2\n") == 24366000
    assert text.cpu_ns_v2(b"user_usec 1\n") is None


@pytest.mark.parametrize(
    ("usage", "inactive", "expected"),
    [(3104768, 2199552, 905216), (100, 100, 100), (100, 200, 100), (100, None, 100), (0, 0, 0)],
)
def test_memory_is_what_docker_stats_shows(usage: int, inactive: int | None, expected: int) -> None:
    assert text.used_bytes(usage, inactive) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [(b"9223372036854771712\n", 4096), (b"max\n", 4096), (b"1024\n", 1024), (b"8192\n", 4096)],
)
def test_no_limit_is_the_hosts_memory(content: bytes, expected: int) -> None:
    assert text.limit_bytes(content, host_bytes=4096) == expected


def test_block_bytes_add_all_devices() -> None:
    v1 = b"8:0 Read 4096\n8:0 Write 512\n8:0 Sync 1\n8:16 Read 4\n8:16 Write 0\nTotal 4612\n"
    assert text.block_bytes_v1(v1) == (4100, 512)
    assert text.block_bytes_v1(b"8:0 Read 0\n8:0 Write 0\nTotal 0\n") == (0, 0)
    assert text.block_bytes_v1(b"Total 0\n") is None
    v2 = b"8:0 rbytes=4096 wbytes=512 rios=1 wios=1 dbytes=0 dios=0\n8:16 rbytes=4 wbytes=0\n"
    assert text.block_bytes_v2(v2) == (4100, 512)


def test_network_leaves_the_loopback_out() -> None:
    assert text.network_bytes(NET_DEV) == (12345679901, 205)
    assert text.interface_names(NET_DEV) == {b"lo", b"eth0", b"eth1"}


@given(st.binary(max_size=300))
def test_parsers_take_any_bytes(content: bytes) -> None:
    for parse in (text.number, text.cpu_ns_v1, text.cpu_ns_v2):
        value = parse(content)
        assert value is None or value >= 0
    for pair in (text.block_bytes_v1, text.block_bytes_v2, text.network_bytes):
        found = pair(content)
        assert found is None or min(found) >= 0


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,12}", fullmatch=True), st.integers(0, 2**63)))
def test_field_finds_every_line_of_a_flat_file(values: dict[str, int]) -> None:
    content = "".join(f"{name} {value}\n" for name, value in values.items()).encode()
    for name, value in values.items():
        assert text.field(content, name.encode()) == value
    assert text.field(content, b"NOT_THERE") is None
