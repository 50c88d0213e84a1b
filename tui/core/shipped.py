"""The project that comes with an installed Twindeck, as a copy of the user's own.

What is installed belongs to the installer: it may not be writable, and goes with the next version.
So it is copied into the user's data folder on first use, and brought up to date from then on
without touching what the user made of it: a manifest holds what each file was when it was copied.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from tui.core.files import failed, private_folder, replace_file
from tui.errors import FileFailed

_MANIFEST = ".shipped.json"
_LEFT_BEHIND = (".vagrant", "__pycache__")


def own_copy(shipped: Path, copy: Path) -> list[str]:
    """Make or update the user's copy; lines on files whose new version lies beside them.

    Two at once come to the same copy. Raises FileFailed.
    """
    try:
        if copy.is_dir():
            return _update(shipped, copy)
    except OSError as error:
        raise failed(copy, error) from error
    try:
        _make(shipped, copy)
    except (OSError, FileFailed) as error:
        why = failed(copy, error) if isinstance(error, OSError) else error
        # The user named no file here: what they can choose is the folder.
        raise FileFailed(str(why), "name another folder with TWINDECK_DATA") from error
    return []


def _make(shipped: Path, copy: Path) -> None:
    """Beside, then renamed: nobody sees half a project."""
    private_folder(copy.parent)
    beside = Path(tempfile.mkdtemp(prefix=f".{copy.name}.", dir=copy.parent))
    try:
        ignore = shutil.ignore_patterns(*_LEFT_BEHIND)
        shutil.copytree(shipped, beside, ignore=ignore, dirs_exist_ok=True)
        _own(beside)
        _write_manifest(beside, _sums(shipped))
        try:
            beside.rename(copy)
        except OSError:
            # Another console may have been quicker: its copy is as good.
            if not copy.is_dir():
                raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _own(folder: Path) -> None:
    """What a system-wide install keeps from writing is the user's to write here, theirs alone."""
    for path in (folder, *folder.rglob("*")):
        path.chmod((path.stat().st_mode & 0o777) | (0o700 if path.is_dir() else 0o600))
    folder.chmod(0o700)


def _update(shipped: Path, copy: Path) -> list[str]:
    known, now = _read_manifest(copy), _sums(shipped)
    if known == now:
        return []
    told = [line for name in now if (line := _update_one(name, shipped, copy, known, now[name]))]
    _write_manifest(copy, now)
    return told


def _update_one(
    name: str, shipped: Path, copy: Path, known: Mapping[str, str], new: str
) -> str | None:
    """Bring one file up to date, or say that it lies beside the user's."""
    file, old = copy / name, known.get(name)
    if old == new or (not file.exists() and _was_removed(name, copy, known)):
        return None
    if _is_elsewhere(file.parent, copy):
        return f"{file} has a new version, and is left: a folder above it is a link of yours"
    content, mode = (shipped / name).read_bytes(), (shipped / name).stat().st_mode & 0o777 | 0o600
    is_users = file.is_symlink() or (file.exists() and _sum(file) not in (old, new))
    target = file.with_name(f"{file.name}.new") if is_users else file
    target.parent.mkdir(parents=True, exist_ok=True)
    replace_file(target, content, mode)
    if is_users:
        return f"{file} is yours, and has a new version: it lies beside it as {target.name}"
    return None


def _is_elsewhere(folder: Path, copy: Path) -> bool:
    """Whether a link between the copy and the folder leads out of what we may write."""
    return any(part.is_symlink() for part in (folder, *folder.parents) if copy in part.parents)


def _was_removed(name: str, copy: Path, known: Mapping[str, str]) -> bool:
    """Whether the user removed the file, or the folder that it would come into."""
    folder = Path(name).parent
    is_old_folder = any(Path(other).parent == folder for other in known)
    return name in known or (is_old_folder and not (copy / folder).is_dir())


def _sums(folder: Path) -> dict[str, str]:
    return {name: _sum(folder / name) for name in sorted(_files(folder))}


def _files(folder: Path) -> Iterator[str]:
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in _LEFT_BEHIND]
        for name in files:
            yield str((Path(root) / name).relative_to(folder))


def _sum(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _read_manifest(copy: Path) -> dict[str, str]:
    """What each file was when it was copied; {} where that cannot be told: all are the user's."""
    try:
        found = json.loads((copy / _MANIFEST).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return (
        {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}
    )


def _write_manifest(copy: Path, sums: Mapping[str, str]) -> None:
    replace_file(copy / _MANIFEST, json.dumps(sums, indent=1) + "\n")
