"""An ordinary user of this host: in no group, with the PATH that Debian's login gives.

The user is made for these tests, with rights through sudo, and removed with all that is theirs.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tui.setup.box import BUILD_COMMANDS

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]
Done = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class User:
    """One that can log in, and a copy of Twindeck that everybody may read."""

    name: str
    folder: Path

    def run(self, *argv: str, env: Mapping[str, str] | None = None, typed: str = "") -> Done:
        """A command in a login session of its own."""
        given = [f"{name}={value}" for name, value in {"LANG": "C.UTF-8", **(env or {})}.items()]
        return subprocess.run(
            (
                *("runuser", "--login", self.name, "--shell=/bin/sh", "--command"),
                shlex.join(["env", *given, *argv]),
            ),
            input=typed,
            capture_output=True,
            text=True,
            timeout=300,
        )

    def twindeck(self, *words: str, env: Mapping[str, str] | None = None, typed: str = "") -> Done:
        """The command, on a copy of the project."""
        project = {"TWINDECK_PROJECT": str(self.folder / "project")}
        python = str(self.folder / "venv" / "bin" / "python")
        return self.run(python, "-m", "tui", *words, env={**project, **(env or {})}, typed=typed)


@pytest.fixture(scope="module")
def user() -> Iterator[User]:
    """Made with a home, and sudo without a password."""
    name = f"twtest{uuid.uuid4().hex[:6]}"
    folder = Path(tempfile.mkdtemp(prefix="twtest-user-"))
    folder.chmod(0o755)
    (folder / "project").mkdir()
    shutil.copytree(ROOT / "workloads", folder / "project" / "workloads")
    shutil.copy(ROOT / "Vagrantfile", folder / "project")
    rights = Path("/etc/sudoers.d") / name
    subprocess.run(("useradd", "--create-home", name), check=True)
    try:
        rights.write_text(f"{name} ALL=(ALL:ALL) NOPASSWD:SETENV: ALL\n")
        rights.chmod(0o440)
        _install(folder, _python(name))
        yield User(name, folder)
    finally:
        rights.unlink(missing_ok=True)
        subprocess.run(("userdel", "--remove", "--force", name), capture_output=True, check=False)
        shutil.rmtree(folder)


def _install(folder: Path, python: str) -> None:
    """An environment with copies of what this one has: this one's folder may be root's alone."""
    subprocess.run((python, "-m", "venv", "--without-pip", str(folder / "venv")), check=True)
    packages = folder / "packages"
    shutil.copytree(sysconfig.get_path("purelib"), packages, symlinks=True)
    shutil.copytree(ROOT / "tui", packages / "tui", dirs_exist_ok=True)
    (found,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (found / "twindeck.pth").write_text(f"{packages}\n")


def _python(user: str) -> str:
    """One of our version that this user may run."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (os.path.realpath(sys.executable), f"/usr/bin/{version}"):
        done = subprocess.run(("runuser", "-u", user, "--", candidate, "-V"), capture_output=True)
        if done.returncode == 0:
            return candidate
    pytest.fail(f"apt-get install {version}: this one may be run by root only")


def missing(user: User, *commands: str) -> str:
    """Those that setup, doctor and the lab would not find."""
    code = (
        "import sys; from tui.setup.host import Host; "
        "print(*Host().missing(sys.argv[1:]), sep=' ', end='')"
    )
    python = str(user.folder / "venv" / "bin" / "python")
    done = user.run(python, "-c", code, *commands)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_path_is_that_of_debians_login(user: User) -> None:
    assert "sbin" not in user.run("printenv", "PATH").stdout


def test_all_that_the_box_is_built_with_is_found(user: User) -> None:
    assert missing(user, *BUILD_COMMANDS) == ""
    assert missing(user, "no-such-command") == "no-such-command"


def test_doctor_says_which_group_is_missing_and_nothing_else_of_the_engines(user: User) -> None:
    done = user.twindeck("doctor", "--json")
    checks = {check["check"]: check for check in json.loads(done.stdout)}
    assert done.returncode == 1
    for name, group in (("docker socket", "docker"), ("libvirt", "libvirt")):
        assert f"may not be opened by {user.name}" in checks[name]["reason"]
        assert checks[name]["fix"].startswith(f"sudo usermod -aG {group} {user.name}")
    for name in ("vagrant", "vagrant provider", "hypervisor", "lab tools", "cgroups", "/dev/kvm"):
        assert checks[name]["status"] == "ok", checks[name]


def test_setups_plan_is_the_group_and_what_a_user_has_of_their_own(user: User) -> None:
    done = user.twindeck("setup", typed="n\n")
    plan = re.findall(r"^  \d+\. ([^:]+):", done.stderr, re.M)
    assert plan == ["groups", "box", "accelerator"], done.stderr


def test_after_setup_all_is_done_in_one_line_and_well_in_the_next_session(user: User) -> None:
    """The box is there already: to build one takes a minute and a half."""
    box = Path(f"~{user.name}/.vagrant.d/boxes/twindeck-VAGRANTSLASH-base/0/libvirt").expanduser()
    user.run("mkdir", "-p", str(box))
    user.run("touch", str(box / "metadata.json"))
    done = user.twindeck("setup", "--yes")
    assert done.returncode == 0, done.stderr
    assert "may not be opened" not in done.stderr
    assert "older than that" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("All is done. Groups count from the next login")
    again = user.twindeck("doctor")
    assert again.returncode == 0, again.stdout
    assert user.twindeck("ls").returncode == 0
