"""The right engine: who answers, what it refuses and what is told of it, on an engine of paper."""

from __future__ import annotations

import json
import socketserver
import stat
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.engine.container_kit import Notes
from tui.engines.docker.endpoint import Endpoint
from tui.engines.docker.identity import product_in
from tui.engines.docker.resolver import Resolver
from tui.engines.docker.ssh import ssh_argv
from tui.engines.docker.trouble import closed, start_fix, unavailable
from tui.errors import ActionFailed, EngineUnavailable
from tui.model import Verb
from tui.sides.containers import Containers
from tui.sides.docker_link import Link

ID = "c0ffee" * 10
Answer = tuple[int, Any]


class PaperEngine:
    """Answers on a socket of its own what it is told to; keeps what was asked."""

    def __init__(self, path: Path, engine_id: str = "A") -> None:
        self.path = path
        self.asked: list[str] = []
        self.headers = {"Api-Version": "1.41"}
        self.server = "Docker/20.10.24+dfsg1 (linux)"
        self.answers: dict[str, Answer] = {
            "/version": (200, {"ApiVersion": "1.41", "Version": "20.10.24+dfsg1"}),
            "/_ping": (200, "OK"),
            "/info": (200, {"ID": engine_id, "Name": "host", "DockerRootDir": "/var/lib/docker"}),
            "/containers/json": (200, [{"Id": ID, "Names": ["/db"], "State": "running"}]),
            f"/containers/{ID}/json": (200, {"State": {"Pid": 1}}),
            f"/containers/{ID}/stop": (204, None),
        }
        path.unlink(missing_ok=True)
        self._server = socketserver.ThreadingUnixStreamServer(str(path), self._handler())
        self._server.daemon_threads = True
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        engine = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                path = urlsplit(self.path).path
                if path.startswith("/v1."):
                    path = "/" + path.split("/", 2)[2]
                engine.asked.append(f"{self.command} {path}")
                status, body = engine.answers.get(path, (404, {"message": f"no {path}"}))
                data = b"" if body is None else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                for name, value in engine.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = answer  # noqa: N815 the server looks for that name
            do_POST = answer  # noqa: N815

            def version_string(self) -> str:
                return engine.server

            def address_string(self) -> str:
                return "paper"

            def log_message(self, *_: object) -> None: ...

        return Handler

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


Make = Callable[..., PaperEngine]


@pytest.fixture
def engine_at(tmp_path: Path) -> Iterator[Make]:
    made: list[PaperEngine] = []

    def make(name: str = "docker.sock", engine_id: str = "A") -> PaperEngine:
        made.append(PaperEngine(tmp_path / name, engine_id))
        return made[-1]

    yield make
    for engine in made:
        engine.close()


def side_on(engine: PaperEngine, tmp_path: Path) -> Containers:
    env = {"DOCKER_HOST": f"unix://{engine.path}", "DOCKER_CONFIG": str(tmp_path)}
    return Containers(tmp_path, [], Link(Resolver(env)))


def test_another_engine_at_the_same_socket_is_not_acted_on(engine_at: Make, tmp_path: Path) -> None:
    side = side_on(engine_at(), tmp_path)
    assert [instance.name for instance in side.list()] == ["db"]
    other = engine_at(engine_id="B")
    for act in (
        lambda: side.act(Verb.STOP, "db", Notes()),
        lambda: side.shell("db"),
        # Nor is it the one to say that a thing is done already.
        lambda: side.look("db"),
    ):
        with pytest.raises(ActionFailed, match="Another engine answers at unix://") as caught:
            act()
        assert "nothing was done" in str(caught.value)
        assert caught.value.fix
    assert not [line for line in other.asked if line.startswith("POST")]
    # Once its rows have been seen it is the one that is meant.
    side.list()
    side.act(Verb.STOP, "db", Notes())
    assert f"POST /containers/{ID}/stop" in other.asked


def test_who_answers_is_asked_once_a_connection_and_once_an_action(
    engine_at: Make, tmp_path: Path
) -> None:
    engine = engine_at()
    side = side_on(engine, tmp_path)
    for _ in range(3):
        side.list()
    assert engine.asked.count("GET /info") == 1
    side.act(Verb.STOP, "db", Notes())
    assert engine.asked.count("GET /info") == 2


def test_podman_which_tells_another_id_each_time_is_known_by_its_socket(
    engine_at: Make, tmp_path: Path
) -> None:
    engine = engine_at()
    engine.server = "Libpod/4.3.1 (linux)"
    side = side_on(engine, tmp_path)
    side.list()
    side.act(Verb.STOP, "db", Notes())
    assert "GET /info" not in engine.asked
    assert side.health().version.startswith("Podman 4.3.1 at ")
    # The first one's file is kept, so that the other's cannot get its number.
    engine.path.rename(tmp_path / "before.sock")
    other = engine_at()
    other.server = engine.server
    with pytest.raises(ActionFailed, match="Another engine"):
        side.act(Verb.STOP, "db", Notes())
    assert not [line for line in other.asked if line.startswith("POST")]


def test_an_engine_that_is_not_the_default_is_named_beside_its_version(
    engine_at: Make, tmp_path: Path
) -> None:
    engine = engine_at()
    assert side_on(engine, tmp_path).health().version == f"Docker 20.10.24 at unix://{engine.path}"


def test_an_error_without_words_of_the_engine_shows_none_of_the_librarys(
    engine_at: Make, tmp_path: Path
) -> None:
    engine = engine_at()
    side = side_on(engine, tmp_path)
    engine.answers[f"/containers/{ID}/stop"] = (500, None)
    with pytest.raises(ActionFailed) as caught:
        side.act(Verb.STOP, "db", Notes())
    assert str(caught.value) == "Docker cannot stop db: it answered with status 500"
    engine.answers["/containers/json"] = (500, {"message": "out\nof [/x] order"})
    with pytest.raises(EngineUnavailable) as lost:
        side.list()
    assert "out of [/x] order" in lost.value.line
    assert "http" not in lost.value.line.replace("https", "")


@pytest.mark.parametrize(
    ("driver", "words"),
    [("none", "db keeps no log: its log driver is none"),
     ("syslog", "the log of db cannot be read here: its log driver is syslog")],
)  # fmt: skip
def test_a_log_nobody_keeps_is_told_with_its_driver(
    engine_at: Make, tmp_path: Path, driver: str, words: str
) -> None:
    engine = engine_at()
    side = side_on(engine, tmp_path)
    engine.answers[f"/containers/{ID}/logs"] = (501, {"message": "does not support reading"})
    host = {"LogConfig": {"Type": driver}}
    engine.answers[f"/containers/{ID}/json"] = (200, {"HostConfig": host, "Config": {"Tty": False}})
    with pytest.raises(ActionFailed) as caught:
        list(side.logs("db", tail=10, follow=True, stop=Event()))
    assert str(caught.value) == words
    assert "--log-driver local" in caught.value.fix
    assert "job" not in caught.value.fix


def test_what_listens_there_and_is_no_engine_is_told_so(engine_at: Make, tmp_path: Path) -> None:
    engine = engine_at()
    engine.headers.clear()
    health = side_on(engine, tmp_path).health()
    assert "does not answer as a Docker Engine" in health.reason
    assert "Api-Version" not in health.reason


def endpoint(url: str, origin: str = "DOCKER_HOST", context: str = "default") -> Endpoint:
    return Endpoint(url, context, origin)


@pytest.mark.parametrize(
    ("where", "fix"),
    [
        (Endpoint(), "sudo systemctl start docker, or twindeck setup"),
        (endpoint("unix:///run/user/1000/docker.sock", "/c/config.json", "rootless"),
         "systemctl --user start docker, or docker context use default"),
        (endpoint("unix:///run/user/1000/podman/podman.sock"),
         "systemctl --user start podman.socket, or correct or unset DOCKER_HOST"),
        (endpoint("unix:///run/podman/podman.sock"),
         "sudo systemctl start podman.socket, or correct or unset DOCKER_HOST"),
        (endpoint("unix:///tmp/x.sock", "DOCKER_CONTEXT", "x"),
         "start the engine that listens there, or correct or unset DOCKER_CONTEXT"),
        (endpoint("tcp://10.0.0.5:2375", "/c/config.json", "prod"),
         "start the engine on that host, or docker context use default"),
    ],
)  # fmt: skip
def test_an_engine_that_is_down_is_started_where_it_is(where: Endpoint, fix: str) -> None:
    error = unavailable(ConnectionRefusedError(111, "refused"), where)
    product = "Podman" if "podman" in where.url else "Docker"
    assert str(error) == f"{product} is not running at {where.label}"
    assert error.fix == start_fix(where) == fix


def test_only_the_default_socket_of_root_asks_for_the_docker_group(tmp_path: Path) -> None:
    assert "usermod -aG docker" in closed(Endpoint()).fix
    other = closed(endpoint(f"unix://{tmp_path}/x.sock"))
    assert "usermod" not in other.fix
    assert f"ls -l {tmp_path}/x.sock" in other.fix


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ssh://h", ["--", "h", "docker", "system", "dial-stdio"]),
        ("ssh://me@h:22", ["-l", "me", "-p", "22", "--", "h", "docker", "system", "dial-stdio"]),
        ("ssh://h/run/x.sock",
         ["--", "h", "docker", "--host", "unix:///run/x.sock", "system", "dial-stdio"]),
        ("ssh://-oProxyCommand=x", ["--", "-oproxycommand=x", "docker", "system", "dial-stdio"]),
    ],
)  # fmt: skip
def test_ssh_is_called_as_the_docker_command_calls_it(url: str, words: list[str]) -> None:
    argv = ssh_argv(url)
    assert argv[: argv.index("--")][:3] == ["ssh", "-T", "-o"]
    assert argv[-len(words) :] == words
    assert "BatchMode=yes" in argv


def test_an_engine_behind_ssh_is_spoken_to_through_the_users_own_ssh(
    engine_at: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engine_at()
    ssh = tmp_path / "bin" / "ssh"
    ssh.parent.mkdir()
    ssh.write_text(
        "#!/usr/bin/python3\n"
        "import os, socket, sys, threading\n"
        f"engine = socket.socket(socket.AF_UNIX); engine.connect({str(engine.path)!r})\n"
        "def pump():\n"
        "    while data := engine.recv(65536): os.write(1, data)\n"
        "threading.Thread(target=pump, daemon=True).start()\n"
        "while data := os.read(0, 65536): engine.sendall(data)\n"
    )
    ssh.chmod(ssh.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{ssh.parent}:/usr/bin:/bin")
    link = Link(Resolver({"DOCKER_HOST": "ssh://me@far", "DOCKER_CONFIG": str(tmp_path)}))
    side = Containers(tmp_path, [], link)
    assert [instance.name for instance in side.list()] == ["db"]
    assert side.health().version == "Docker 20.10.24 at ssh://me@far"
    assert side.ping().ok
    link.drop()

    ssh.write_text("#!/bin/sh\necho 'me@far: Permission denied (publickey).' >&2\nexit 255\n")
    health = side.health()
    assert health.reason == (
        "Docker at ssh://me@far cannot be reached: me@far: Permission denied (publickey)."
    )
    assert health.fix == "make this work without a question: ssh me@far docker info"
    ssh.unlink()
    monkeypatch.setenv("PATH", str(ssh.parent))
    assert "needs the ssh command" in side.health().reason


def test_the_api_version_is_learnt_from_a_ping(engine_at: Make, tmp_path: Path) -> None:
    """Podman takes long to put its `/version` together."""
    engine = engine_at()
    side_on(engine, tmp_path).list()
    assert engine.asked[0] == "GET /_ping"
    assert "GET /version" not in engine.asked


def test_an_engine_that_wants_tls_or_lets_nobody_in_is_told_in_its_own_words(
    engine_at: Make, tmp_path: Path
) -> None:
    engine = engine_at()
    side = side_on(engine, tmp_path)
    words = "Client sent an HTTP request to an HTTPS server."
    engine.answers["/_ping"] = (400, {"message": words})
    wants = side.health()
    assert wants.reason == f"Docker at unix://{engine.path} wants TLS"
    assert "DOCKER_TLS_VERIFY" in wants.fix
    engine.answers["/_ping"] = (403, {"message": "not for you [/x]"})
    refused = side.health()
    assert refused.reason == f"Docker at unix://{engine.path} refuses: not for you [/x]"


@pytest.mark.parametrize(
    ("server", "product"),
    [
        ("Docker/20.10.24+dfsg1 (linux)", "Docker 20.10.24"),
        ("Docker/28.2.2 (linux)", "Docker 28.2.2"),
        ("Libpod/4.3.1 (linux)", "Podman 4.3.1"),
        ("nginx", ""),
        ("", ""),
    ],
)
def test_the_engine_names_itself_in_every_answer(server: str, product: str) -> None:
    assert product_in(server) == product
