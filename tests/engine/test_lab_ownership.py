"""A comparison beside what a user has under the lab's names: nothing of it is touched.

The VM's box is one that nobody has, so that a run is over in seconds: the container's side is real,
and so are the domains, which hold no more than a BIOS.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.container_kit import docker
from tests.engine.project_kit import PAGE, make_project
from tui.engines.libvirt.connections import Connections
from tui.errors import ActionFailed
from tui.lab.estate import Estate, engine_id
from tui.lab.leftovers import clear
from tui.lab.lock import only_run
from tui.lab.owner import RUN_LABEL, RunFolder, begin
from tui.model import Instance, SideName, State
from tui.sides.docker_link import Link

pytestmark = pytest.mark.engine

_SECONDS = 240
_NOWHERE = "http://127.0.0.1:9"
_BIOS = """<domain type="qemu"><name>{name}</name><uuid>{uuid}</uuid>{about}
<memory unit="MiB">64</memory><os><type arch="x86_64">hvm</type></os></domain>"""


@pytest.fixture
def name() -> str:
    return f"twtest-{uuid.uuid4().hex[:6]}"


@pytest.fixture
def project(tmp_path: Path, name: str) -> Path:
    workload = make_project(tmp_path / "project", PAGE, name)
    file = workload.folder / "workload.toml"
    toml = re.sub(r"^boxes = .*$", 'boxes = ["twtest/none"]', file.read_text(), flags=re.M)
    file.write_text(toml)
    return tmp_path / "project"


def command(project: Path, data: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        (sys.executable, "-m", "tui", "--project", str(project), *words),
        env={**os.environ, "TWINDECK_DATA": str(data), "VAGRANT_SERVER_URL": _NOWHERE},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def compare(project: Path, data: Path, name: str, rows: str = "size") -> subprocess.Popen[str]:
    return command(project, data, "compare", name, "--quick", "--rows", rows, "--json")


def labelled_volumes() -> set[str]:
    return set(docker("volume", "ls", "-q", "--filter", f"label={RUN_LABEL}").split())


class User:
    """Things of a user's own, which have every name that the lab's could have."""

    def __init__(self, name: str, image: str) -> None:
        self.names = [f"lab-{name}", f"lab-{name}-2"]
        self.tag = f"twindeck/lab-{name}:latest"
        script = "echo precious > /precious; echo p > /anonymous/p; exec sleep 600"
        for one in self.names:
            docker("run", "-d", "--name", one, "-v", "/anonymous", image, "sh", "-c", script)
        docker("kill", self.names[1])
        docker("tag", image, self.tag)
        docker("volume", "create", f"lab-{name}")
        self.domains = [virsh_define(f"twindeck-lab_lab-{name}{n}") for n in ("", "-2")]
        virsh("start", self.domains[0])
        self._volume = f"lab-{name}"

    def state(self) -> list[str]:
        """All of it: ids, pids, starts, states, volumes, as the engines tell."""
        what = "{{.Id}} {{.Name}} {{json .State}} {{json .Mounts}} {{.RestartCount}}"
        found = [docker("inspect", "-f", what, *self.names)]
        found += sorted(docker("diff", self.names[0]).splitlines())
        found.append(docker("image", "inspect", "-f", "{{.Id}}", self.tag))
        found.append(docker("volume", "inspect", self._volume))
        return [*found, *(virsh("dumpxml", one) + virsh("domstate", one) for one in self.domains)]

    def remove(self) -> None:
        subprocess.run(("docker", "rm", "-fv", *self.names), capture_output=True, check=False)
        subprocess.run(("docker", "rmi", self.tag), capture_output=True, check=False)
        subprocess.run(("docker", "volume", "rm", self._volume), capture_output=True, check=False)
        for one in self.domains:
            virsh_remove(one)


def virsh(*words: str) -> str:
    return subprocess.run(
        ("virsh", "-q", "-c", "qemu:///system", *words), capture_output=True, text=True, check=True
    ).stdout


def virsh_define(name: str, about: str = "") -> str:
    """The uuid of a domain that has no more than a BIOS."""
    made = str(uuid.uuid4())
    file = Path(f"/tmp/twtest-{made}.xml")
    file.write_text(_BIOS.format(name=name, uuid=made, about=about))
    virsh("define", str(file))
    file.unlink()
    return made


def virsh_remove(domain: str) -> None:
    for word in ("destroy", "undefine"):
        subprocess.run(
            ("virsh", "-q", "-c", "qemu:///system", word, domain), capture_output=True, check=False
        )


def labelled(run: str = "") -> str:
    """What the engine holds of that run, or of any."""
    label = f"label={RUN_LABEL}={run}" if run else f"label={RUN_LABEL}"
    return "".join(
        (
            docker("ps", "-a", "--no-trunc", "--filter", label, "--format", "{{.Names}} "),
            docker("images", "--filter", label, "--format", "{{.Repository}} "),
            docker("volume", "ls", "--filter", label, "--format", "{{.Name}} "),
        )
    )


@pytest.fixture
def user(name: str, base_image: str) -> Iterator[User]:
    mine = User(name, base_image)
    yield mine
    mine.remove()


def test_nothing_of_a_users_is_touched_by_a_run_or_by_clearing_up_after_a_killed_one(
    project: Path, tmp_path: Path, name: str, user: User
) -> None:
    before = user.state()
    killed = compare(project, tmp_path / "data", name)
    assert killed.stderr is not None
    for line in killed.stderr:
        if "size: container, reading 1" in line:
            break
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    (folder,) = (tmp_path / "data" / "twindeck-lab").iterdir()
    run = json.loads((folder / "owner.json").read_text())["run"]
    assert f"lab-{name}-{run}" in labelled(run)
    mine = folder.parent / "notes.txt"
    mine.write_text("precious")
    # Another data folder cannot tell whose it is: it says so, and leaves it.
    other = compare(project, tmp_path / "other", name)
    _out, err = other.communicate(timeout=_SECONDS)
    assert other.returncode == 0, err
    assert f"not touched: container lab-{name}-{run}" in err
    assert f"lab-{name}-{run}" in labelled(run)
    again = compare(project, tmp_path / "data", name)
    out, err = again.communicate(timeout=_SECONDS)
    assert again.returncode == 0, err
    told = next(line for line in err.splitlines() if "removing what an earlier comparison" in line)
    for what in ("container", "image twindeck/"):
        assert f"{what}{'' if what.endswith('/') else ' '}lab-{name}-{run}" in told
    assert str(folder) in told
    size = next(row for row in json.loads(out)["rows"] if row["row"] == "size")
    assert size["container"]["value"] > 0
    assert labelled(run) == ""
    assert name not in labelled()
    assert mine.read_text() == "precious"
    assert list(mine.parent.iterdir()) == [mine]
    assert not (tmp_path / "other" / "twindeck-lab").exists()
    assert user.state() == before


def test_a_second_run_is_refused_whatever_its_data_folder_and_makes_nothing(
    project: Path, tmp_path: Path, name: str
) -> None:
    with only_run():
        second = compare(project, tmp_path / "second", name)
        _out, err = second.communicate(timeout=_SECONDS)
    assert second.returncode != 0
    assert f"another comparison runs on this host: pid {os.getpid()} of user" in err
    assert name not in labelled()
    assert not (tmp_path / "second" / "twindeck-lab").exists()


@pytest.fixture
def own(tmp_path: Path, name: str) -> RunFolder:
    return begin(tmp_path / "twindeck-lab", name, engine_id(Link()))


@pytest.fixture
def estate(own: RunFolder) -> Estate:
    return Estate(own, Link(), Connections())


def test_the_label_alone_does_not_make_a_container_the_labs(
    own: RunFolder, estate: Estate, base_image: str, name: str
) -> None:
    """Whoever runs the lab's image has its label too."""
    label = f"{RUN_LABEL}={own.run}"
    docker("create", "--name", f"{name}-mine", "--label", label, base_image, "true")
    docker("create", "--name", own.workload, "--label", label, base_image, "true")
    try:
        assert [name for name in estate.names() if name.startswith("container")] == [
            f"container {own.workload}"
        ]
        estate.remove_containers()
        assert docker("ps", "-aq", "--filter", f"label={label}") != ""
        assert docker("inspect", "-f", "{{.State.Status}}", f"{name}-mine") == "created"
    finally:
        docker("rm", f"{name}-mine")


def test_a_container_of_the_labs_name_without_its_label_is_refused(
    own: RunFolder, estate: Estate, base_image: str
) -> None:
    made = docker("create", "--name", own.workload, base_image, "true")
    try:
        with pytest.raises(ActionFailed, match="was not made by this comparison"):
            estate.check(Instance(SideName.CONTAINER, own.workload, State.CREATED, id=made))
        estate.remove_containers()
        assert docker("inspect", "-f", "{{.Id}}", own.workload) == made
    finally:
        docker("rm", own.workload)


def test_a_domain_is_the_labs_by_its_mark_or_its_origin_and_never_by_its_name(
    own: RunFolder, estate: Estate
) -> None:
    lookalike = virsh_define(f"{own.root.name}_{own.workload}-2")
    foreign = virsh_define(
        f"{own.root.name}_{own.workload}-3",
        f"<description>Source: {own.root}-other/Vagrantfile</description>",
    )
    made = virsh_define(
        f"{own.root.name}_{own.workload}",
        f"<description>Source: {own.root}/Vagrantfile</description>",
    )
    try:
        assert [domain.uuid for domain in estate.domains()] == [made]
        vm = Instance(SideName.VM, own.workload, State.STOPPED, id=made, provider="libvirt")
        estate.check(vm)
        assert f'id="{own.run}"' in virsh("dumpxml", made).replace("'", '"')
        other = Instance(SideName.VM, "x", State.STOPPED, id=lookalike, provider="libvirt")
        with pytest.raises(ActionFailed, match="was not made by this comparison"):
            estate.check(other)
        estate.remove_domains()
        assert made not in virsh("list", "--all", "--uuid")
        assert {lookalike, foreign} <= set(virsh("list", "--all", "--uuid").split())
    finally:
        for domain in (lookalike, foreign, made):
            virsh_remove(domain)


def test_a_domain_that_is_gone_by_now_holds_nothing_up(own: RunFolder, estate: Estate) -> None:
    """The vagrant of a killed run goes on for a while, and removes what it had begun."""
    gone = Instance(
        SideName.VM, own.workload, State.STOPPED, id=str(uuid.uuid4()), provider="libvirt"
    )
    estate.check(gone)
    with pytest.raises(ActionFailed, match="no libvirt connection has the VM"):
        estate.at(str(gone.id))


def test_the_next_run_clears_nothing_of_one_that_lives(own: RunFolder, base_image: str) -> None:
    label = f"{RUN_LABEL}={own.run}"
    docker("create", "--name", own.workload, "--label", label, base_image, "true")
    try:
        told: list[str] = []
        clear(own.root.parent, told.append)
        # Even when nobody holds its folder any more: its process is there.
        own.release()
        clear(own.root.parent, told.append)
        assert not [line for line in told if line.startswith("removing")]
        assert docker("inspect", "-f", "{{.State.Status}}", own.workload) == "created"
    finally:
        docker("rm", own.workload)


def test_the_copies_volume_goes_with_its_container(
    project: Path, tmp_path: Path, name: str
) -> None:
    """A cancelled run leaves no volume either, and the lock is free at once."""
    others = labelled_volumes()
    # Portability takes seconds, so that the run is not over before it is interrupted.
    running = compare(project, tmp_path / "data", name, "size,portability")
    assert running.stderr is not None
    for line in running.stderr:
        if "size: container, reading 1" in line:
            break
    volumes = labelled_volumes() - others
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=_SECONDS)
    assert running.returncode == 130
    assert volumes
    assert name not in labelled()
    deadline = time.monotonic() + 5
    while volumes & labelled_volumes():
        assert time.monotonic() < deadline
    with only_run():
        pass
