"""What a user has on a host beside the project: looked at to the byte and to the pid, twice.

A bystander is one thing of the user's with a function that tells all about it as facts. What moves
by itself (the state of a container that restarts for ever) is left out by whoever makes it.
"""

from __future__ import annotations

import hashlib
import json
import stat
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

Facts = Mapping[str, str]


@dataclass(frozen=True)
class Bystander:
    """One thing of the user's."""

    kind: str
    name: str
    look: Callable[[], Facts]
    """Everything about it, as it is now; empty when it is gone."""


@dataclass(frozen=True)
class Comparison:
    """One bystander before and after."""

    kind: str
    name: str
    before: Facts
    after: Facts

    @property
    def changed(self) -> list[str]:
        """Names of the facts that are not what they were, and what they are now."""
        if self.before and not self.after:
            return ["it is gone"]
        keys = sorted(self.before.keys() | self.after.keys())
        pairs = ((key, self.before.get(key, "-"), self.after.get(key, "-")) for key in keys)
        return [f"{key}: {was[:60]} -> {now[:60]}" for key, was, now in pairs if was != now]

    @property
    def line(self) -> str:
        """For people."""
        verdict = "same" if not self.changed else "CHANGED " + "; ".join(self.changed)
        return f"{self.kind:16} {self.name:44} {len(self.before):4} facts  {verdict}"


class Watch:
    """Bystanders as they stood when it was made."""

    def __init__(self, bystanders: Sequence[Bystander]) -> None:
        self._before = [(one, one.look()) for one in bystanders]
        missing = [one.name for one, facts in self._before if not facts]
        assert missing == [], "a bystander has to be there first"

    def compare(self) -> list[Comparison]:
        """Each of them now, beside what it was."""
        return [Comparison(o.kind, o.name, before, o.look()) for o, before in self._before]


def output(*argv: str) -> bytes:
    """What a command prints; nothing when it fails, as it does when what it asks for is gone."""
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
    return done.stdout if done.returncode == 0 else b""


def digest(content: bytes) -> str:
    """Short, and different for different bytes."""
    return hashlib.sha256(content).hexdigest()[:16]


def flat(value: object, at: str = "") -> dict[str, str]:
    """A JSON document as one fact a leaf, by its path."""
    if isinstance(value, dict):
        return {k: v for key, inner in value.items() for k, v in flat(inner, f"{at}.{key}").items()}
    if isinstance(value, list):
        parts = (flat(inner, f"{at}[{number}]") for number, inner in enumerate(value))
        return {key: text for part in parts for key, text in part.items()} or {at: "[]"}
    return {at: json.dumps(value)}


def process_facts(pid: int) -> dict[str, str]:
    """Pid, when it began and what it runs; empty when it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return {}
    if fields[0] in ("Z", "X"):
        return {}
    is_stopped = {"is stopped": "yes"} if fields[0] == "T" else {}
    return {"pid": str(pid), "started": fields[19], "command": digest(command), **is_stopped}


def below(root: Path) -> tuple[Path, ...]:
    """Everything in a folder and the folder itself."""
    return tuple(sorted((root, *root.rglob("*"))))


def tree_facts(
    root: Path, without: Sequence[str] = (), only: Sequence[Path] | None = None
) -> dict[str, str]:
    """Mode, owner, time of change and content of every file below; of folders all but the time.

    A folder's own time says that something was made or removed beside the user's files, which is
    no harm to them. Left out are what is `without` at the top, and what is none of `only`.
    """
    facts: dict[str, str] = {}
    for path in below(root) if only is None else only:
        name = path.relative_to(root)
        if not set(name.parts[:1]) & set(without):
            facts |= {f"{name} {key}": fact for key, fact in _file_facts(path).items()}
    return facts


def _file_facts(path: Path) -> dict[str, str]:
    try:
        state = path.lstat()
    except OSError:
        return {}
    facts = {"mode": stat.filemode(state.st_mode), "owner": f"{state.st_uid}:{state.st_gid}"}
    if path.is_symlink():
        return {**facts, "leads to": str(path.readlink())}
    if path.is_file():
        facts["changed at"] = str(state.st_mtime_ns)
        facts["inode"] = f"{state.st_ino}, {state.st_nlink} names"
        with suppress(PermissionError):
            facts["content"] = digest(path.read_bytes())
    return facts
