"""The folder of the Vagrantfile and the workloads: found, checked, made the user's own."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_data_path

from tui.core.trust import distrusted
from tui.errors import WorkloadError

SHIPPED = Path(__file__).resolve().parent / "_project"
"""The project that an installed Twindeck brings along; a checkout has none."""


def find_project(start: Path | None = None) -> Path:
    """The folder that holds the Vagrantfile and `workloads/`.

    `start` if given; else TWINDECK_PROJECT; else the working directory or the nearest above it,
    which must be this user's or root's; else the user's copy of the one that came with Twindeck,
    or that itself where there is no copy yet. Raises WorkloadError.
    """
    if start is not None:
        return _checked(start, "--project")
    if named := os.environ.get("TWINDECK_PROJECT"):
        return _checked(Path(named), "TWINDECK_PROJECT")
    above = _upward()
    came_along = [SHIPPED.parent.parent] if _lacks(SHIPPED) else [own_project(), SHIPPED]
    candidates = [*above, *came_along]
    for folder in candidates:
        if not _lacks(folder):
            if folder in above:
                _refuse_foreign(folder)
            return folder
    raise WorkloadError(
        f"no project found in {candidates[0]} or above it: none holds a Vagrantfile and workloads/",
        "name one with --project DIR",
    )


def own_project() -> Path:
    """Where the user's copy of the shipped project is, or would be."""
    if folder := os.environ.get("TWINDECK_DATA"):
        return Path(folder).expanduser() / "project"
    return user_data_path("twindeck", appauthor=False) / "project"


def settled(project: Path) -> tuple[Path, list[str]]:
    """The project to act in, and what is to be told: for a shipped one the user's copy, made or
    brought up to date now; every other as it is. Raises FileFailed where there can be no copy: what
    came along is looked at then, and nothing is made in it."""
    copy = own_project()
    if project not in (copy, SHIPPED) or _lacks(SHIPPED):
        return project, []
    from tui.core.shipped import own_copy

    return copy, own_copy(SHIPPED, copy)


def _upward() -> list[Path]:
    try:
        here = Path.cwd()
    except OSError:  # the working directory was removed
        return []
    return [here, *here.parents]


def _refuse_foreign(folder: Path) -> None:
    """Nobody named this project: another user's would run his Vagrantfile. Raises WorkloadError."""
    if problem := distrusted((folder, folder / "Vagrantfile", folder / "workloads")):
        raise WorkloadError(
            f"{problem}, and a project that is not named must be your own",
            f"name it if you trust it: --project {folder}",
        )


def _lacks(folder: Path) -> str:
    """What the folder lacks to be a project; "" when it is one."""
    if not (folder / "Vagrantfile").is_file():
        return "Vagrantfile"
    return "" if (folder / "workloads").is_dir() else "workloads/ folder"


def _checked(folder: Path, source: str) -> Path:
    folder = folder.expanduser().absolute()
    if lack := _lacks(folder):
        raise WorkloadError(
            f"{folder}: not a project, it has no {lack}",
            f"{source} expects a folder with a Vagrantfile and workloads/",
        )
    return folder.resolve()
