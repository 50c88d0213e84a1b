"""From the engine's list entries to instances; no I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tui.model import Instance, SideName, State, Workload

WORKLOAD_LABEL = "twindeck.workload"
PROJECT_LABEL = "com.docker.compose.project"

_STATES: Mapping[str, State] = {
    "created": State.CREATED,
    "restarting": State.RESTARTING,
    "running": State.RUNNING,
    "removing": State.REMOVING,
    "paused": State.PAUSED,
    "exited": State.STOPPED,
    "stopped": State.STOPPED,
    "dead": State.DEAD,
}
_LAST_SECOND = 253_402_214_400.0
"""The last day of the year 9999, which no calendar here goes beyond."""
_EXIT = re.compile(r"(?:Exited|Restarting) \((-?\d+)\)")


@dataclass(frozen=True, slots=True)
class Run:
    """What only an inspection tells of a live container."""

    pid: int | None
    started_at: float | None
    """Unix seconds."""


def state_of(entry: Mapping[str, Any]) -> State:
    """The state of a list entry."""
    return _STATES.get(str(entry.get("State", "")).lower(), State.UNKNOWN)


def name_of(entry: Mapping[str, Any]) -> str:
    """The container's own name: links add names with a second slash. The short id without one."""
    names = [str(name).lstrip("/") for name in entry.get("Names") or ()]
    own = [name for name in names if name and "/" not in name]
    return (own or names or [str(entry["Id"])[:12]])[0]


def ports_of(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Published ports, `127.0.0.1:8080->80/tcp`, in order of the host's port."""
    found: set[tuple[int, str]] = set()
    for port in entry.get("Ports") or ():
        public = port.get("PublicPort")
        if not public:
            continue
        address = str(port.get("IP") or "0.0.0.0")
        shown = f"[{address}]" if ":" in address else address
        found.add(
            (
                public,
                f"{shown}:{public}->{port.get('PrivatePort', public)}/{port.get('Type', 'tcp')}",
            )
        )
    return tuple(text for _, text in sorted(found))


def exit_code_of(entry: Mapping[str, Any]) -> int | None:
    """Exit code of the last run, out of `Exited (137) 2 hours ago`."""
    found = _EXIT.match(str(entry.get("Status", "")))
    return int(found[1]) if found else None


def run_of(inspection: Mapping[str, Any]) -> Run:
    """The run out of an inspection."""
    state = inspection.get("State") or {}
    return Run(
        pid=state.get("Pid") or None,
        started_at=unix_seconds(str(state.get("StartedAt", ""))),
    )


def unix_seconds(stamp: str) -> float | None:
    """Unix seconds of `2026-08-01T10:00:00.123456789Z`; None for the engine's zero time."""
    head, dot, tail = stamp.partition(".")
    digits = re.match(r"\d*", tail)
    fraction = digits[0] if digits else ""
    zone = tail[len(fraction) :] if dot else ""
    try:
        # The engine writes nanoseconds; datetime takes no more than six digits.
        moment = datetime.fromisoformat(f"{head}.{fraction[:6]:0<6}{zone}" if dot else head)
    except ValueError:
        return None
    if moment.year < 1970 or moment.tzinfo is None:
        return None
    seconds = moment.timestamp()
    return seconds if seconds < _LAST_SECOND else None


def instance_of(
    entry: Mapping[str, Any], run: Run | None, workloads: Mapping[str, Workload]
) -> Instance:
    """One container as an instance; `run` for a live one whose inspection is at hand."""
    labels = entry.get("Labels") or {}
    workload = labels.get(WORKLOAD_LABEL)
    state = state_of(entry)
    is_run = run is not None and state in (State.RUNNING, State.PAUSED)
    return Instance(
        side=SideName.CONTAINER,
        name=name_of(entry),
        state=state,
        id=str(entry["Id"]),
        image=str(entry.get("Image") or "") or None,
        group=str(labels.get(PROJECT_LABEL) or ""),
        ports=ports_of(entry),
        created_at=float(entry["Created"]) if entry.get("Created") else None,
        started_at=run.started_at if run and is_run else None,
        workload=workload if workload in workloads else None,
        pid=run.pid if run else None,
        exit_code=exit_code_of(entry),
    )


def absent(workloads: Sequence[Workload], present: set[str]) -> list[Instance]:
    """The workloads no container of that name exists for."""
    return [
        Instance(
            side=SideName.CONTAINER,
            name=workload.name,
            state=State.ABSENT,
            workload=workload.name,
        )
        for workload in workloads
        if workload.name not in present
    ]
