"""What doctor says of the container it tries, and of the packages a start may want."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from docker.errors import APIError

from tui.engines.docker.endpoint import Endpoint
from tui.errors import EngineUnavailable
from tui.model import Reading, SideName
from tui.setup import container_trial
from tui.setup.container_trial import check_start, elf
from tui.setup.host import Host
from tui.setup.needs import wanted_packages
from tui.sides.docker_link import Link

_APPARMOR = (
    "AppArmor enabled on system but the docker-default profile could not be loaded: running "
    "`apparmor_parser apparmor_parser -Kr /var/lib/docker/tmp/docker-default1` failed: exec: "
    '"apparmor_parser": executable file not found in $PATH'
)


_USERS: list[Any] = [None, {}, {"twindeck.trial": "twindeck-trial-of-another"}]
"""Labels of what is not the trial's."""


class Engine:
    """Answers as far as it is asked, and knows what was made and is still there."""

    def __init__(
        self, arch: object = "amd64", start_error: str = "", code: int = 0, keeps: str = ""
    ) -> None:
        self.made: list[str] = []
        self.there: list[str] = []
        self.labels: set[str] = set()
        self._arch, self._start_error, self._code, self._keeps = arch, start_error, code, keeps

    def version(self) -> object:
        return {"Arch": self._arch}

    def import_image(self, src: bytes, changes: list[str]) -> str:
        self._make("image", changes[0].removeprefix("LABEL "))
        return '{"status":"sha256:abc"}\r\n'

    def create_network(self, name: str, driver: str, labels: dict[str, str]) -> dict[str, str]:
        self._make("network", "=".join(*labels.items()))
        return {"Id": "n1"}

    def create_host_config(self, **options: Any) -> dict[str, Any]:
        return options

    def create_container(self, image: str, *_: Any, labels: dict[str, str], **__: Any) -> Any:
        assert image == "sha256:abc"
        self._make("container", "=".join(*labels.items()))
        return {"Id": "c1"}

    def start(self, container: str) -> None:
        if self._start_error:
            raise APIError("500 Server Error", explanation=self._start_error)

    def wait(self, container: str, timeout: int) -> dict[str, int]:
        return {"StatusCode": self._code}

    def containers(self, filters: dict[str, str], **_: Any) -> list[dict[str, Any]]:
        return self._found("container", filters)

    def networks(self, filters: dict[str, str]) -> list[dict[str, Any]]:
        return self._found("network", filters)

    def images(self, filters: dict[str, str]) -> list[dict[str, Any]]:
        return self._found("image", filters)

    def remove_container(self, it: str, **_: Any) -> None:
        self._remove(it)

    def remove_network(self, it: str) -> None:
        self._remove(it)

    def remove_image(self, it: str) -> None:
        self._remove(it)

    def _make(self, kind: str, label: str) -> None:
        self.made.append(kind)
        self.there.append(kind)
        self.labels.add(label)

    def _found(self, kind: str, filters: dict[str, str]) -> list[dict[str, Any]]:
        assert self.labels <= {filters["label"]}
        of_trial = dict(label.split("=") for label in self.labels)
        found = [{"Id": kind, "Labels": of_trial}] if kind in self.there else []
        # As an engine that knows no such filter.
        return [{"Id": f"a user's {kind}", "Labels": labels} for labels in _USERS] + found

    def _remove(self, kind: str) -> None:
        if kind == self._keeps:
            raise APIError("409 Client Error", explanation="it is in use")
        self.there.remove(kind)


MakeLink = Callable[[Engine], Link]


@pytest.fixture
def link_to(monkeypatch: pytest.MonkeyPatch) -> MakeLink:
    def make(engine: Engine) -> Link:
        link = Link()
        monkeypatch.setattr(link, "look", lambda: engine)
        monkeypatch.setattr(link, "act", lambda: engine)
        return link

    return make


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """A Debian that holds nothing yet."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/os-release").write_text("ID=debian\n")
    (tmp_path / "bin/apt-get").touch(0o755)
    return Host(root=tmp_path, env={**os.environ, "PATH": str(tmp_path / "bin")}, uid=1000)


def test_one_that_ends_well_is_ok_and_nothing_of_it_stays(host: Host, link_to: MakeLink) -> None:
    engine = Engine()
    assert check_start(host, link_to(engine)).status is Reading.OK
    assert engine.made == ["image", "network", "container"]
    assert engine.there == []
    (label,) = engine.labels
    assert re.fullmatch(r"twindeck\.trial=twindeck-trial-[0-9a-f]{12}", label)


def test_what_could_not_be_removed_is_told(host: Host, link_to: MakeLink) -> None:
    engine = Engine(keeps="network")
    found = check_start(host, link_to(engine))
    assert found.status is Reading.BROKEN
    assert "one was started, but its network could not be removed" in found.reason
    assert engine.there == ["network"]


@pytest.mark.parametrize("call", ["version", "import_image", "create_container", "wait"])
@pytest.mark.parametrize("answer", ["", [], {}, None])
def test_an_answer_that_is_none_of_dockers_is_a_reason_and_no_error(
    host: Host, link_to: MakeLink, monkeypatch: pytest.MonkeyPatch, call: str, answer: object
) -> None:
    engine = Engine()
    monkeypatch.setattr(engine, call, lambda *_, **__: answer)
    found = check_start(host, link_to(engine))
    if call == "version" and answer == {}:
        assert found.reason.startswith("not tried")
    else:
        assert found.reason == (
            "none starts: what answers there does not answer as a Docker Engine"
        )
    assert engine.there == []


def test_apparmor_without_its_parser_is_named_and_setup_mends_it(
    host: Host, link_to: MakeLink
) -> None:
    enabled = host.path("/sys/module/apparmor/parameters/enabled")
    enabled.parent.mkdir(parents=True)
    enabled.write_text("Y\n")
    engine = Engine(start_error=_APPARMOR)
    found = check_start(host, link_to(engine))
    assert (found.status, found.fix) == (Reading.BROKEN, "twindeck setup")
    assert found.reason == (
        "none starts: the kernel has AppArmor on, and its parser is not installed"
    )
    assert engine.there == []


@pytest.mark.parametrize(
    ("engine", "reason", "fix"),
    [
        (
            Engine(start_error="write apparmor attribute: Access denied"),
            "Docker cannot start a container: write apparmor attribute: Access denied",
            "docker info",
        ),
        (
            Engine(start_error="iptables failed: No chain"),
            "Docker cannot start a container: iptables failed: No chain",
            "twindeck setup",
        ),
        (
            Engine(start_error="could not find an available address pool"),
            "Docker cannot start a container: could not find an available address pool",
            "no subnet is free; remove networks nobody uses: docker network prune",
        ),
        (
            Engine(code=159),
            "a program that does nothing but end well ended with 159",
            "docker info",
        ),
    ],
    ids=["AppArmor's parser is there", "no iptables", "no subnet", "ended badly"],
)
def test_why_none_starts_is_one_plain_line_with_what_mends_it(
    host: Host, link_to: MakeLink, engine: Engine, reason: str, fix: str
) -> None:
    found = check_start(host, link_to(engine))
    assert (found.status, found.reason) == (Reading.BROKEN, f"none starts: {reason}")
    assert found.fix == fix
    assert engine.there == []


@pytest.mark.parametrize("call", ["create_network", "create_container", "start"])
def test_interrupted_it_still_removes_what_it_made(
    host: Host, link_to: MakeLink, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """Also what the engine made, of which no answer was read any more."""
    engine = Engine()
    real = getattr(engine, call)

    def interrupt(*arguments: Any, **options: Any) -> None:
        real(*arguments, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, call, interrupt)
    with pytest.raises(KeyboardInterrupt):
        check_start(host, link_to(engine))
    assert engine.made
    assert engine.there == []


def test_nothing_is_tried_when_read_only_or_on_a_processor_nobody_knows(
    host: Host, link_to: MakeLink
) -> None:
    engine = Engine(arch="s390x")
    for found in (
        check_start(host, link_to(engine), may_try=False),
        check_start(host, link_to(engine)),
    ):
        assert found.status is Reading.OK
        assert found.reason.startswith("not tried: ")
    assert engine.made == []


def test_an_engine_that_does_not_answer_is_not_tried(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = Link()

    def refuse() -> None:
        raise EngineUnavailable(f"Docker is not running at {Endpoint().label}", "start it")

    monkeypatch.setattr(link, "look", refuse)
    found = check_start(host, link)
    assert (found.status, found.fix) == (Reading.MISSING, "start it")
    assert found.reason.startswith("not tried: Docker is not running")


def test_what_cannot_be_imported_is_told(
    host: Host, link_to: MakeLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine()
    answer = '{"status":"Extracting"}\r\n{"error":"no space left on device"}\r\n'
    monkeypatch.setattr(engine, "import_image", lambda src, changes: answer)
    assert "cannot import an image: no space left" in check_start(host, link_to(engine)).reason


def test_the_program_runs_and_ends_well(tmp_path: Path) -> None:
    machine = container_trial._MACHINES.get(platform.machine())
    assert machine is not None
    program = tmp_path / "exit"
    program.write_bytes(elf(*machine))
    program.chmod(0o755)
    assert subprocess.run([str(program)], check=False).returncode == 0
    assert program.stat().st_size < 256


@pytest.mark.parametrize(
    ("enabled", "has_parser", "is_wanted"),
    [("Y\n", False, True), ("Y\n", True, False), ("N\n", False, False), (None, False, False)],
)
def test_apparmor_is_wanted_where_the_kernel_has_it_on(
    host: Host, enabled: str | None, has_parser: bool, is_wanted: bool
) -> None:
    """Also where the engine itself is there already."""
    for name in ("dockerd", "docker", "iptables", *(["apparmor_parser"] if has_parser else [])):
        host.path(f"/bin/{name}").touch(0o755)
    if enabled is not None:
        file = host.path("/sys/module/apparmor/parameters/enabled")
        file.parent.mkdir(parents=True)
        file.write_text(enabled)
    assert wanted_packages(host, SideName.CONTAINER) == (["apparmor"] if is_wanted else [])


def test_what_an_engine_needs_on_some_host_comes_with_it_where_it_is_not_there(host: Host) -> None:
    assert {"docker.io", "ca-certificates", "xz-utils"} <= set(
        wanted_packages(host, SideName.CONTAINER)
    )
    assert "iproute2" in wanted_packages(host, SideName.VM)
    for file in ("/etc/ssl/certs/ca-certificates.crt", "/usr/bin/xz", "/bin/ip"):
        host.path(file).parent.mkdir(parents=True, exist_ok=True)
        host.path(file).touch(0o755)
    assert not {"ca-certificates", "xz-utils"} & set(wanted_packages(host, SideName.CONTAINER))
    assert "iproute2" not in wanted_packages(host, SideName.VM)
