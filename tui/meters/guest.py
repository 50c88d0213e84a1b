"""What libvirt knows of its guests: the guest's own memory figures, its disks and its network."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from tui.engines.libvirt.virsh import Virsh, VirshError, error_in

_STALE_SECONDS = 10.0
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# nowait: a domain that another command holds must not hold up the others.
_ASK = "domstats --raw --balloon --interface --block --nowait"
_DOMAIN = re.compile(r"^Domain: '(.*)'$((?:\n(?!Domain: ).*)*)", re.MULTILINE)
_FIELD = re.compile(r"^\s+((?:balloon|net|block)\.[\w.-]+)=([0-9]{1,20})\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Guest:
    """One domain's figures; a missing one is None with a reason."""

    used_bytes: int | None = None
    """Available less unused, by the guest's own balloon driver."""
    given_bytes: int | None = None
    network: tuple[int, int] | None = None
    """Received, sent, from the guest's view."""
    block: tuple[int, int] | None = None
    """Read, written."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """`used_bytes`, `given_bytes`, `network`, `block` -> why it is None."""


def nothing(reason: str) -> Guest:
    """A guest of which nothing is known."""
    names = ("used_bytes", "given_bytes", "network", "block")
    return Guest(reasons=dict.fromkeys(names, reason))


class Guests:
    """Asks libvirt for all guests in one call, through one child."""

    def __init__(self, virsh: Virsh | None = None, *, read_only: bool = False) -> None:
        self._virsh = virsh or Virsh()
        self._is_read_only = read_only
        self._with_period: set[str] = set()
        self._names: dict[str, str] = {}
        """UUID -> name, by which libvirt tells domains apart in its answer."""

    def read(
        self, uuids: Sequence[str], others: Collection[str] = frozenset()
    ) -> Mapping[str, Guest]:
        """UUID -> figures, for each of `uuids`; `others` are not ours to set. Raises nothing."""
        known = [uuid for uuid in uuids if _UUID.fullmatch(uuid)]
        guests = {uuid: nothing("libvirt does not know it") for uuid in uuids}
        if not known:
            return guests
        try:
            self._set_periods([uuid for uuid in known if uuid not in others])
            answers = self._ask_all(known)
        except VirshError as error:
            self._with_period.clear()
            return dict.fromkeys(uuids, nothing(str(error)))
        now = time.time()
        return guests | {uuid: parse(answer, now) for uuid, answer in answers.items()}

    def close(self) -> None:
        """End the child."""
        self._virsh.close()

    def _ask_all(self, uuids: Sequence[str]) -> Mapping[str, str]:
        """UUID -> its part of the answer. Raises VirshError."""
        self._learn_names(uuids)
        (output,) = self._virsh.ask([f"{_ASK} {' '.join(uuids)}"])
        parts = dict(_DOMAIN.findall(output))
        if all(self._names[uuid] in parts for uuid in uuids):
            return {uuid: parts[self._names[uuid]] for uuid in uuids}
        # One that is gone spoils the answer for all: each by itself then, and its name anew.
        self._names.clear()
        return dict(zip(uuids, self._virsh.ask([f"{_ASK} {uuid}" for uuid in uuids]), strict=True))

    def _learn_names(self, uuids: Sequence[str]) -> None:
        new = [uuid for uuid in uuids if uuid not in self._names]
        if new:
            names = self._virsh.ask([f"domname {uuid}" for uuid in new])
            last = map(_last_word, names)
            self._names |= dict(zip(new, last, strict=True))

    def _set_periods(self, uuids: Sequence[str]) -> None:
        """Have the guest tell its memory once a second: by default it never does.

        That is a setting of the running domain, so read-only leaves it as it is.
        """
        if self._is_read_only:
            return
        self._with_period &= set(uuids)
        new = [uuid for uuid in uuids if uuid not in self._with_period]
        if new:
            self._virsh.ask([f"dommemstat {uuid} --period 1 --live" for uuid in new])
            self._with_period.update(new)


def _last_word(answer: str) -> str:
    """The answer's own line; virsh repeats every command behind its prompt."""
    lines = [line for line in answer.splitlines() if line and "virsh # " not in line]
    return lines[-1] if lines else ""


def parse(output: str, now: float) -> Guest:
    """The figures in one `domstats --raw` answer; `now` in Unix seconds tells stale ones."""
    values = {name: int(value) for name, value in _FIELD.findall(output)}
    if not values:
        reason = error_in(output) or "libvirt was busy with it"
        return nothing(f"libvirt: {reason}")
    reasons: dict[str, str] = {}
    used, why = _used_bytes(values, now)
    if why:
        reasons["used_bytes"] = why
    network = _pair(values, "net", "rx.bytes", "tx.bytes")
    block = _pair(values, "block", "rd.bytes", "wr.bytes")
    if network is None:
        reasons["network"] = "libvirt counts none for it"
    if block is None:
        reasons["block"] = "libvirt counts none for it"
    given = values.get("balloon.current")
    if not given:
        reasons["given_bytes"] = "libvirt does not tell it"
    return Guest(
        used_bytes=used,
        given_bytes=given * 1024 if given else None,
        network=network,
        block=block,
        reasons=reasons,
    )


def _used_bytes(values: Mapping[str, int], now: float) -> tuple[int | None, str]:
    available, unused = values.get("balloon.available"), values.get("balloon.unused")
    updated = values.get("balloon.last-update", 0)
    if available is None or unused is None or not updated:
        return None, "the guest has not told its memory: still booting, or no balloon driver"
    if now - updated > _STALE_SECONDS:
        return None, f"the guest last told its memory {now - updated:.0f} s ago"
    return max(0, available - unused) * 1024, ""


def _pair(values: Mapping[str, int], kind: str, first: str, second: str) -> tuple[int, int] | None:
    """Sums over all devices of a kind, as `net.0.rx.bytes`, `net.1.rx.bytes`; None without any."""
    sums = []
    for name in (first, second):
        found = [
            value
            for key, value in values.items()
            if key.startswith(f"{kind}.") and key.partition(".")[2].partition(".")[2] == name
        ]
        if not found:
            return None
        sums.append(sum(found))
    return sums[0], sums[1]
