"""What the lines `vagrant` prints mean: the phase it is in and, when it failed, why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from tui.errors import ActionBusy, ActionFailed, TwindeckError
from tui.model import Phase
from tui.text import clean

# What Vagrant itself has to say; what the guest says is indented instead and may say anything.
_NEWS = re.compile(r"==> (?P<name>.+?): (?P<text>.*)")
_BEGINS: tuple[tuple[str, Phase], ...] = (
    # libvirt
    ("Creating image (snapshot", Phase.CREATE),
    ("Creating domain with", Phase.CREATE),
    ("Starting domain", Phase.START),
    ("Resuming domain", Phase.START),
    ("Waiting for domain to get an IP", Phase.BOOT),
    # VirtualBox
    ("Importing base box", Phase.CREATE),
    ("Cloning VM", Phase.CREATE),
    ("Booting VM", Phase.START),
    # both
    ("Waiting for machine to boot", Phase.BOOT),
    ("Running provisioner", Phase.PROVISION),
)
_DOMAIN_TYPE = re.compile(r"-- Domain type:\s+(\S+)")
_PROGRESS = re.compile(r"Progress: \d+%")
_BUSY = ("another process is already executing an action", "because it is locked")
# Lines that carry the cause inside Vagrant's longer explanations.
_ERROR_EXIT = re.compile(r"\d+,[^,]*,error-exit,[^,]+,(?P<text>.*)")
_TIMED_OUT = "Timed out while waiting for the machine to boot"
_CAUSES = (
    re.compile(r"Message: (?P<cause>.+)"),
    re.compile(r"^(?P<cause>.*Vagrantfile:\d+: .+)"),
    re.compile(r"Error: (?P<cause>.+)"),
)
# A plug-in's error that Vagrant did not catch: `FILE.rb:9:in `x': MESSAGE (Class)`, then the calls.
_UNCAUGHT = re.compile(r"\S+\.rb:\d+:in .+?': (?P<message>.+?)(?: \([\w:]+\))?")
# The same, raised by the Vagrantfile itself.
_RAISED = re.compile(r"\S*Vagrantfile\S*?:(?P<line>\d+):in .+?': (?P<message>.+?)(?: \([\w:]+\))?")
_CALL = re.compile(r"from \S+:\d+:in .+")
_PREAMBLE = ("Vagrant failed to initialize at a very early stage:",)
_TAKEN = re.compile(r"Name `(\S+)` of domain about to create is already taken")
# 0 stands for a line Vagrant could not tell.
_LINE_NUMBER = re.compile(r"Line number: ([1-9]\d*)")
_PATH = re.compile(r"Path: (.+)")


def phase_of(line: str) -> Phase | None:
    """The phase that begins with this line; None when it goes on with the one it is in."""
    news = _NEWS.fullmatch(clean(line))
    if news is None:
        return None
    return next((phase for start, phase in _BEGINS if news["text"].startswith(start)), None)


def accelerator_of(line: str) -> str | None:
    """What the line says will run the guest (`tcg`, `kvm`); None when it does not say."""
    match = _DOMAIN_TYPE.search(line) if line.startswith("==> ") else None
    return {"qemu": "tcg"}.get(match[1], match[1]) if match else None


def is_progress(line: str) -> bool:
    """Whether the line only moves a percentage on."""
    return _PROGRESS.search(line) is not None


def unescaped(value: str) -> str:
    """A field of a line that `--machine-readable` printed."""
    return value.replace("%!(VAGRANT_COMMA)", ",").replace("\\n", "\n").replace("\\r", "\r")


def error_exit(text: str) -> list[str]:
    """The lines of the error that a `--machine-readable` command ended with; [] without one."""
    errors = (match for match in map(_ERROR_EXIT.fullmatch, text.splitlines()) if match)
    return next((unescaped(error["text"]).splitlines() for error in errors), [])


def failure(command: str, name: str, root: Path, errors: Sequence[str]) -> TwindeckError:
    """The error to raise for a vagrant that failed, from what it wrote to its standard error."""
    lines = [clean(line).strip() for line in errors]
    lines = [_plainly(line) for line in lines if not _CALL.fullmatch(line)]
    whole = " ".join(line for line in lines if line)
    if any(busy in whole for busy in _BUSY):
        return ActionBusy(
            f"{name} is held by another vagrant process", "try again when that one has ended"
        )
    if _TIMED_OUT in whole:
        return ActionFailed(
            f"vagrant {command} {name} failed: {_TIMED_OUT}",
            "see its log; on a slow host raise config.vm.boot_timeout in its Vagrantfile",
        )
    if taken := _TAKEN.search(whole):
        return ActionFailed(
            f"{name} cannot be made: libvirt has another machine named {taken[1]}",
            f"give that one another name: virsh domrename {taken[1]} NEWNAME",
        )
    if raised := next((m for m in map(_RAISED.fullmatch, lines) if m), None):
        return ActionFailed(
            f"{root / 'Vagrantfile'} cannot be loaded: line {raised['line']}: {raised['message']}",
            "correct that line and try again",
        )
    if "Vagrantfile" in whole and ("syntax error" in whole or "error loading" in whole):
        return ActionFailed(
            f"{root / 'Vagrantfile'} cannot be loaded: {_vagrantfile_cause(lines)}",
            "correct that line and try again",
        )
    what = f"vagrant {command} {name}".rstrip()
    return ActionFailed(f"{what} failed: {reason(lines)}")


def _plainly(line: str) -> str:
    """The line; the bare message where it is an error that no code of Vagrant's caught."""
    uncaught = _UNCAUGHT.fullmatch(line)
    if uncaught is None:
        return line
    if "wait_for timeout" in uncaught["message"]:
        return "The guest did not do it in the time vagrant waits."
    return uncaught["message"]


def reason(lines: Sequence[str]) -> str:
    """One line out of Vagrant's explanation: its first sentences, and the cause it quotes."""
    paragraphs = _paragraphs(lines)
    if not paragraphs:
        return "vagrant did not say why"
    # Vagrant explains one error at the end, after whatever its tools complained about.
    first = _sentence(paragraphs[-1])
    for index, paragraph in enumerate(paragraphs):
        if paragraph[-1].endswith(":") and index + 1 < len(paragraphs):
            first = _sentence(paragraph)
            break
    quoted = next((c for c in (_cause(line) for line in reversed(lines)) if c), "")
    return f"{first} ({quoted})" if quoted and quoted not in first else first


def _paragraphs(lines: Sequence[str]) -> list[list[str]]:
    found: list[list[str]] = [[]]
    for line in lines:
        if line in _PREAMBLE:
            continue
        if line:
            found[-1].append(line)
        elif found[-1]:
            found.append([])
    return [paragraph for paragraph in found if paragraph]


def _sentence(paragraph: Sequence[str]) -> str:
    text = " ".join(paragraph)
    head, mark, _rest = text.partition(". ")
    return (head + mark).strip() or text


def _cause(line: str) -> str:
    for pattern in _CAUSES:
        if match := pattern.search(line):
            return match["cause"].strip()
    return ""


def _vagrantfile_cause(lines: Sequence[str]) -> str:
    cause = next((c for c in (_cause(line) for line in lines) if c), "unknown error")
    where = next((m[1] for m in (_LINE_NUMBER.match(line) for line in lines) if m), None)
    # Ruby's message names the path again; what counts is the line and the complaint.
    located = re.search(r"Vagrantfile:(\d+): (.+)", cause)
    if located:
        return f"line {located[1]}: {located[2]}"
    return f"line {where}: {cause}" if where else cause
