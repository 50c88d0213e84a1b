"""Numbers out of the kernel's cgroup and network files; pure functions on bytes.

Formats: Documentation/admin-guide/cgroup-v1/ and cgroup-v2.rst of the Linux kernel, proc(5).
A file that does not hold what its format promises gives None, never an error.
"""

from __future__ import annotations

_MOST_DIGITS = 20
UNLIMITED_BYTES = 1 << 60
"""cgroup v1 writes "no limit" as the largest page-aligned 63-bit number."""


def number(text: bytes) -> int | None:
    """A file that holds one number; `max` and anything else is None."""
    text = text.strip()
    return int(text) if _is_whole(text) else None


def _is_whole(text: bytes) -> bool:
    # The kernel's counters have 64 bits; Python refuses to read some thousand digits.
    return len(text) <= _MOST_DIGITS and text.isdigit()


def field(text: bytes, name: bytes) -> int | None:
    """The number of the line `name NUMBER`, as in memory.stat and cpu.stat."""
    start = 0 if text.startswith(name + b" ") else text.find(b"\n" + name + b" ") + 1
    if start == 0 and not text.startswith(name + b" "):
        return None
    end = text.find(b"\n", start)
    return number(text[start + len(name) + 1 : end if end >= 0 else len(text)])


def cpu_ns_v1(text: bytes) -> int | None:
    """cpuacct.usage: nanoseconds of CPU since the cgroup was made."""
    return number(text)


def cpu_ns_v2(text: bytes) -> int | None:
    """cpu.stat: `usage_usec`, as nanoseconds."""
    usage = field(text, b"usage_usec")
    return None if usage is None else usage * 1000


def used_bytes(usage: int, inactive_file: int | None) -> int:
    """What `docker stats` calls memory: usage less the inactive file cache, only if smaller.

    Source: docker/cli, cli/command/container/stats_helpers.go, calculateMemUsageUnixNoCache.
    """
    return usage - inactive_file if inactive_file is not None and inactive_file < usage else usage


def limit_bytes(text: bytes, host_bytes: int) -> int:
    """The memory limit, or the host's memory where there is none, as `docker stats` has it."""
    limit = number(text)
    return host_bytes if limit is None or limit >= UNLIMITED_BYTES else min(limit, host_bytes)


def block_bytes_v1(text: bytes) -> tuple[int, int] | None:
    """blkio.*.io_service_bytes*: bytes read and written, all devices (`8:0 Read 4096`).

    None when no device is in it: recent kernels count nothing there unless a limit is set, and
    `Total 0` then says nothing about the I/O done.
    """
    read = write = 0
    is_counted = False
    for line in text.splitlines():
        words = line.split()
        if len(words) == 3 and _is_whole(words[2]):
            is_counted = True
            if words[1] == b"Read":
                read += int(words[2])
            elif words[1] == b"Write":
                write += int(words[2])
    return (read, write) if is_counted else None


def block_bytes_v2(text: bytes) -> tuple[int, int]:
    """io.stat: bytes read and written, all devices (`8:0 rbytes=4096 wbytes=0 rios=1 …`)."""
    read = write = 0
    for word in text.split():
        name, _, value = word.partition(b"=")
        if name == b"rbytes" and _is_whole(value):
            read += int(value)
        elif name == b"wbytes" and _is_whole(value):
            write += int(value)
    return read, write


def network_bytes(text: bytes) -> tuple[int, int] | None:
    """/proc/PID/net/dev: bytes received and sent on all interfaces but the loopback.

    None when there is no other: nothing was counted then.
    """
    received = sent = 0
    is_counted = False
    for line in text.splitlines():
        name, colon, rest = line.partition(b":")
        words = rest.split()
        if not colon or name.strip() == b"lo" or len(words) < 9:
            continue
        if _is_whole(words[0]) and _is_whole(words[8]):
            is_counted = True
            received += int(words[0])
            sent += int(words[8])
    return (received, sent) if is_counted else None


def interface_names(text: bytes) -> frozenset[bytes]:
    """/proc/PID/net/dev: the interfaces of that network namespace."""
    pairs = (line.partition(b":") for line in text.splitlines())
    return frozenset(name.strip() for name, colon, _ in pairs if colon)
