"""What a process sees of its world: one script, run alike in the VM, the container, on the host."""

from __future__ import annotations

from collections.abc import Mapping

from tui.lab.instrument import Rig
from tui.results import Arm

_SCRIPT = r"""
say() { printf '%s\t%s\n' "$1" "$2"; }
say kernel "$(uname -r)"
say boot_id "$(cat /proc/sys/kernel/random/boot_id)"
say machine "$(uname -m)"
say os "$(. /etc/os-release 2>/dev/null && echo "$PRETTY_NAME")"
for n in cgroup ipc mnt net pid time user uts; do say "ns.$n" "$(readlink /proc/self/ns/$n)"; done
say cgroup "$(tail -n 1 /proc/self/cgroup)"
say processes "$(ls /proc | grep -c '^[0-9]*$')"
say memory_kib "$(awk '/^MemTotal/ {print $2}' /proc/meminfo)"
say cpus "$(grep -c '^processor' /proc/cpuinfo)"
say uptime "$(cut -d' ' -f1 /proc/uptime)"
one=1; [ -r /proc/1/status ] || one=self
for k in CapEff Seccomp; do
  say "$k" "$(awk -v k="$k:" '$1 == k {print $2}' /proc/$one/status)"
done
say lsm "$(cat /proc/1/attr/current 2>/dev/null | tr -d '\0')"
say uid_map "$(tr -s ' ' < /proc/1/uid_map 2>/dev/null | head -n 1)"
say devices "$(find /dev -type b -o -type c 2>/dev/null | wc -l)"
say block_devices "$(find /dev -type b 2>/dev/null | wc -l)"
"""


def look(rig: Rig, arm: Arm) -> Mapping[str, str]:
    """Name -> what was seen there. Raises ActionFailed."""
    output = rig.run(arm, ("sh", "-c", _SCRIPT))
    found = {}
    for line in output.stdout.splitlines():
        name, tab, value = line.partition("\t")
        if tab:
            found[name] = " ".join(value.split())
    return found


def capabilities(mask: str) -> int:
    """How many capabilities a `CapEff` mask of hex digits holds."""
    return int(mask or "0", 16).bit_count()
