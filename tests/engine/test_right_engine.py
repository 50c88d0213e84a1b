"""Which engine is meant, told by the docker command itself; and what another one is kept from."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest

from tests.engine.container_kit import Notes, Run, docker
from tests.engine.private_engine import PrivateEngine, image_of, private_engine
from tests.engine.project_kit import ROOT
from tests.unit.test_docker_endpoint import meta_of, write_context
from tui.engines.docker.endpoint import resolve
from tui.engines.docker.resolver import Resolver
from tui.errors import ActionFailed, EngineUnavailable
from tui.model import Verb
from tui.sides.containers import Containers
from tui.sides.docker_link import Link

pytestmark = pytest.mark.engine

NOWHERE = "unix:///tmp/twtest-nobody-listens.sock"
_TOLD = re.compile(r"daemon at (\S+?)\. Is the docker daemon running")


def docker_says(env: dict[str, str]) -> str | None:
    """Where the docker command would go in that environment; None when it refuses to go."""
    kept = {"PATH": os.environ["PATH"], "HOME": env["DOCKER_CONFIG"]}
    done = subprocess.run(["docker", "ps"], env={**kept, **env}, capture_output=True, text=True)
    assert done.returncode != 0, "no engine must answer here"
    found = _TOLD.search(done.stderr)
    return found[1] if found else None


@pytest.mark.parametrize(
    "env",
    [
        {"DOCKER_HOST": NOWHERE},
        {"DOCKER_HOST": f" {NOWHERE} "},
        {"DOCKER_HOST": "tcp://127.0.0.1:9"},
        {"DOCKER_HOST": "127.0.0.1:9"},
        {"DOCKER_HOST": "tcp://[::1]:9"},
        {"DOCKER_HOST": "bogus://x"},
        {"DOCKER_HOST": "http://127.0.0.1:9"},
        {"DOCKER_HOST": NOWHERE, "DOCKER_CONTEXT": "away"},
        {"DOCKER_HOST": NOWHERE, "DOCKER_CONTEXT": "nosuch"},
        {"DOCKER_CONTEXT": "away"},
        {"DOCKER_CONTEXT": "nosuch"},
        {"DOCKER_CONTEXT": "no/such"},
        {"DOCKER_CONTEXT": "broken"},
        {"DOCKER_CONTEXT": "empty"},
        {"DOCKER_CONTEXT": "away", "current": "nosuch"},
        {"current": "away"},
        {"current": "nosuch"},
        {"DOCKER_TLS_VERIFY": "1"},
        {"DOCKER_TLS_VERIFY": "1", "DOCKER_HOST": "tcp://127.0.0.1:9"},
    ],
    ids=lambda env: " ".join(f"{k}={v}" for k, v in env.items()),
)
def test_the_docker_command_goes_where_we_go(tmp_path: Path, env: dict[str, str]) -> None:
    write_context(tmp_path, "away", meta_of("tcp://127.0.0.1:9"))
    write_context(tmp_path, "broken", "{")
    write_context(tmp_path, "empty", {"Name": "empty", "Endpoints": {}})
    asked = {"DOCKER_CONFIG": str(tmp_path), **env}
    if current := asked.pop("current", ""):
        (tmp_path / "config.json").write_text(json.dumps({"currentContext": current}))
    try:
        ours = resolve(asked).url
    except EngineUnavailable:
        ours = None
    assert ours == docker_says(asked)


Cli = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def twindeck(tmp_path: Path) -> Cli:
    """The command, with a history and a Docker configuration of its own."""

    def run(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
        own = {"TWINDECK_DATA": str(tmp_path / "data"), "DOCKER_CONFIG": str(tmp_path / "docker")}
        return subprocess.run(
            [sys.executable, "-m", "tui", *words],
            cwd=ROOT,
            env={**os.environ, **own, **env},
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


@pytest.mark.parametrize("has_configuration", [False, True])
def test_a_context_that_is_not_there_shows_and_changes_nothing_of_the_default_engine(
    twindeck: Cli, run: Run, tmp_path: Path, has_configuration: bool
) -> None:
    name = run()
    (tmp_path / "docker").mkdir()
    if has_configuration:
        (tmp_path / "docker" / "config.json").write_text('{"auths":{}}')
    write_context(tmp_path / "docker", "other", meta_of(NOWHERE))
    for context, words in (("othr", "There is no Docker context 'othr'"), ("other", NOWHERE)):
        listed = twindeck("ls", "--on", "container", DOCKER_CONTEXT=context)
        assert listed.returncode == 1
        assert name not in listed.stdout
        assert words in listed.stderr
        refused = twindeck("destroy", "--yes", f"container:{name}", DOCKER_CONTEXT=context)
        assert refused.returncode == 1
        assert words in refused.stderr
    assert name in docker("ps", "--format", "{{.Names}}").split()


def test_the_doctor_looks_at_the_engine_that_is_meant(twindeck: Cli, tmp_path: Path) -> None:
    write_context(tmp_path / "docker", "away", meta_of(NOWHERE))
    done = twindeck("doctor", "--json", DOCKER_CONTEXT="away")
    checks = {check["check"]: check for check in json.loads(done.stdout)}
    for name in ("docker engine", "docker socket"):
        assert checks[name]["status"] != "ok"
        assert NOWHERE.removeprefix("unix://") in checks[name]["reason"]
        assert "systemctl" not in checks[name]["fix"]
        assert "DOCKER_CONTEXT" in checks[name]["fix"]


@pytest.fixture(scope="module")
def engines() -> Iterator[tuple[PrivateEngine, PrivateEngine]]:
    with private_engine() as one, private_engine() as other:
        yield one, other


def test_rows_and_shells_go_to_the_engine_of_the_context(
    engines: tuple[PrivateEngine, PrivateEngine], tmp_path: Path
) -> None:
    engine, _ = engines
    name = f"twtest-{uuid.uuid4().hex[:8]}"
    image = image_of("busybox", "sh", "sleep")
    assert engine.docker("import", "-", "twtest:shell", stdin=image).returncode == 0
    try:
        made = engine.docker(
            *("run", "-d", "--network", "none", "--name", name, "twtest:shell"),
            *("/bin/sleep", "600"),
        )
        assert made.returncode == 0, made.stderr
        write_context(tmp_path, "mine", meta_of(engine.host))
        (tmp_path / "config.json").write_text('{"currentContext": "mine"}')
        env = {"DOCKER_CONFIG": str(tmp_path)}
        side = Containers(tmp_path, [], Link(Resolver(env)))
        assert name in [instance.name for instance in side.list()]
        assert side.health().version.endswith(f" at {engine.host} (context mine)")
        command = side.shell(name)
        argv = [word for word in command.argv if word != "-it"]
        argv[-1] = "echo here"
        # The user's own environment names another one.
        theirs = {**os.environ, **env, "DOCKER_CONTEXT": "nosuch"}
        done = subprocess.run(argv, env={**theirs, **command.env}, capture_output=True, text=True)
        assert done.stdout == "here\n", done.stderr
    finally:
        engine.docker("rm", "-f", name)


def test_another_engine_behind_the_same_socket_is_refused_and_keeps_its_container(
    engines: tuple[PrivateEngine, PrivateEngine], tmp_path: Path
) -> None:
    """Both share the host's key and so the id they tell; they are told apart all the same."""
    one, other = engines
    name = f"twtest-{uuid.uuid4().hex[:8]}"
    for engine in engines:
        engine.create(name)
    door = tmp_path / "door.sock"
    door.symlink_to(one.path)
    side = Containers(tmp_path, [], Link(Resolver({"DOCKER_HOST": f"unix://{door}"})))
    assert name in [instance.name for instance in side.list()]
    door.unlink()
    door.symlink_to(other.path)
    # The connection to the first was lost on the way.
    side._link._clients.clear()
    with pytest.raises(ActionFailed, match="Another engine answers"):
        side.act(Verb.DESTROY, name, Notes())
    for engine in engines:
        assert name.encode() in engine.docker("ps", "-a").stdout
    side.list()
    side.act(Verb.DESTROY, name, Notes())
    assert name.encode() in one.docker("ps", "-a").stdout
    assert name.encode() not in other.docker("ps", "-a").stdout
    one.docker("rm", "-f", name)


def test_a_container_that_keeps_no_log_says_so(containers: Containers, run: Run) -> None:
    name = run("--log-driver", "none")
    with pytest.raises(ActionFailed) as caught:
        list(containers.logs(name, tail=10, follow=True, stop=Event()))
    assert str(caught.value) == f"{name} keeps no log: its log driver is none"
    assert "--log-driver local" in caught.value.fix


def test_an_image_without_sh_is_told_before_the_terminal_is_given_away(
    containers: Containers, tmp_path: Path
) -> None:
    name = f"twtest-{uuid.uuid4().hex[:8]}"
    archive = tmp_path / "image.tar"
    archive.write_bytes(image_of("sleep"))
    docker("import", str(archive), f"{name}:1")
    try:
        docker("run", "-d", "--network", "none", "--name", name, f"{name}:1", "/bin/sleep", "600")
        with pytest.raises(ActionFailed) as caught:
            containers.shell(name)
        assert f"No shell in {name}: " in str(caught.value)
        assert "executable file not found" in str(caught.value)
        assert f"--pid container:{name}" in caught.value.fix
    finally:
        subprocess.run(["docker", "rm", "-f", name], capture_output=True)
        docker("rmi", f"{name}:1")
