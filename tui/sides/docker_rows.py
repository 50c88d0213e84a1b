"""From the engine's list entries to instances; no I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tui.model import HealthStatus, Instance, SideName, State, Workload

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
_EXIT = re.compile(r"(?:Exited|Restarting) \((-?\d{1,10})\)")
_HEALTH = re.compile(r"\((?:health: )?(starting|healthy|unhealthy)\)")
LIVE = (State.RUNNING, State.PAUSED, State.RESTARTING)
_KILLED = 137
"""Exit code of a killed process: by a user or for want of memory."""
_LONGEST_OUTPUT = 500


@dataclass(frozen=True, slots=True)
class Run:
    """What only an inspection tells: of a live container, or of one that was killed."""

    pid: int | None
    started_at: float | None
    """Unix seconds."""
    restart_count: int | None = None
    restart_policy: str = ""
    is_out_of_memory: bool = False
    memory_limit_bytes: int | None = None
    failed_check: str = ""
    """What the newest health check printed, if it failed."""
    is_over: bool = False

    @property
    def is_settled(self) -> bool:
        """Whether it stays so until an event: not while it starts, nor while its check fails, which
        prints something else next time."""
        return not self.failed_check and (self.is_over or self.pid is not None)


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


def health_of(entry: Mapping[str, Any]) -> HealthStatus | None:
    """Out of `Up 5 minutes (unhealthy)`; None without a health check, and when it is not up."""
    found = _HEALTH.search(str(entry.get("Status", "")))
    return HealthStatus(found[1]) if found else None


def is_worth_inspecting(entry: Mapping[str, Any]) -> bool:
    """Whether an inspection tells more than the list: of what lives, and of what was killed."""
    return state_of(entry) in LIVE or exit_code_of(entry) == _KILLED


def run_of(inspection: Mapping[str, Any]) -> Run:
    """The run out of an inspection."""
    state = inspection.get("State") or {}
    count = inspection.get("RestartCount")
    limits = inspection.get("HostConfig") or {}
    return Run(
        pid=state.get("Pid") or None,
        started_at=unix_seconds(str(state.get("StartedAt", ""))),
        restart_count=count if isinstance(count, int) else None,
        restart_policy=_restart_policy(limits.get("RestartPolicy") or {}),
        is_out_of_memory=state.get("OOMKilled") is True,
        memory_limit_bytes=limits.get("Memory") or None,
        failed_check=_failed_check(state.get("Health") or {}),
        is_over=state.get("Status") in ("exited", "dead"),
    )


def _restart_policy(policy: Mapping[str, Any]) -> str:
    """As `docker run --restart` takes it; "" where the engine never starts it again."""
    name, most = str(policy.get("Name") or "no"), policy.get("MaximumRetryCount")
    if name == "no":
        return ""
    return f"{name}:{most}" if name == "on-failure" and most else name


def _failed_check(health: Mapping[str, Any]) -> str:
    """`connection refused (exit code 1)`; "" when the newest check passed or there was none."""
    newest = (health.get("Log") or [{}])[-1]
    code = newest.get("ExitCode", 0)
    if not code or str(health.get("Status", "")) in ("", "none", "healthy"):
        return ""
    printed = " ".join(str(newest.get("Output") or "").split())[:_LONGEST_OUTPUT]
    return f"{printed or 'it printed nothing'} (exit code {code})"


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
    entry: Mapping[str, Any],
    run: Run | None,
    workloads: Mapping[str, Workload],
    provider: str = "docker",
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
        provider=provider,
        pid=run.pid if run else None,
        exit_code=exit_code_of(entry),
        health=health_of(entry),
        failed_check=run.failed_check if run else "",
        restart_count=run.restart_count if run else None,
        restart_policy=run.restart_policy if run else "",
        is_out_of_memory=run is not None and run.is_out_of_memory,
        memory_limit_bytes=run.memory_limit_bytes if run else None,
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
