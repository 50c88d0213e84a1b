"""What this host was last seen to boot a guest with, remembered in one small JSON file.

The presence of /dev/kvm proves nothing, so `twindeck setup` and `twindeck doctor` boot something
and write the answer here; whoever needs it only reads. An answer given under another kernel or
another QEMU counts no more.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from platformdirs import user_data_path

from tui.core.files import PRIVATE, private_folder, replace_file

KVM = "kvm"
TCG = "tcg"
VIRTUALBOX = "virtualbox"
KNOWN = (KVM, TCG, VIRTUALBOX)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer and the host it was found on."""

    accelerator: str
    """`kvm`, `tcg` or `virtualbox`."""
    reason: str
    """What was seen, on one line."""
    host: str
    """`fingerprint()` of that moment."""


def answer_path() -> Path:
    """`accelerator.json` in TWINDECK_DATA, else in the user's data folder."""
    if folder := os.environ.get("TWINDECK_DATA"):
        return Path(folder).expanduser() / "accelerator.json"
    return user_data_path("twindeck", appauthor=False) / "accelerator.json"


def fingerprint(device: Path = Path("/dev/kvm")) -> str:
    """Kernel, QEMU and whether there is a KVM device; any of them changed asks for a new try."""
    qemu = shutil.which(qemu_command())
    about = ""
    if qemu is not None:
        # Size and time of the file stand for the version: asking QEMU itself costs a process.
        with contextlib.suppress(OSError):
            status = Path(qemu).stat()
            about = f"{status.st_size}-{status.st_mtime_ns}"
    return f"{platform.release()} {platform.version()} qemu {about} kvm {device.exists():d}"


def qemu_command() -> str:
    """The emulator of this host's own architecture."""
    return f"qemu-system-{platform.machine()}"


def recall(path: Path | None = None) -> Answer | None:
    """The remembered answer with its reason; None when there is none that still counts."""
    try:
        found = json.loads((path or answer_path()).read_text(encoding="utf-8"))
        answer = Answer(str(found["accelerator"]), str(found["reason"]), str(found["host"]))
    except (OSError, ValueError, LookupError, TypeError):
        return None
    if answer.accelerator not in KNOWN or answer.host != fingerprint():
        return None
    return answer


def read(path: Path | None = None) -> str | None:
    """`kvm`, `tcg` or `virtualbox`; None when it was not tried on this host as it is. Cheap."""
    answer = recall(path)
    return answer.accelerator if answer else None


def write(accelerator: str, reason: str, path: Path | None = None) -> Answer:
    """Remember an answer for this host as it is. Raises FileFailed, ValueError (unknown name)."""
    if accelerator not in KNOWN:
        raise ValueError(f"no accelerator {accelerator!r}")
    answer = Answer(accelerator, reason, fingerprint())
    target = path or answer_path()
    private_folder(target.parent)
    replace_file(target, json.dumps(asdict(answer), indent=1) + "\n", PRIVATE)
    return answer
