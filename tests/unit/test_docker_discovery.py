"""Which engines are found on this host and offered, and what each is called."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.test_docker_endpoint import context_key, meta_of, write_context
from tui.engines.docker import discovery
from tui.engines.docker.discovery import Offer, engine_named, offers
from tui.engines.docker.endpoint import CHOSEN, DEFAULT_URL, Endpoint
from tui.engines.docker.resolver import Resolver
from tui.errors import EngineUnavailable
from tui.sides.docker_link import Link

PROD = "tcp://10.0.0.5:2376"


class Here:
    """A user's folders: of Docker's configuration and of what runs."""

    def __init__(self, folder: Path) -> None:
        self.docker, self.runtime = folder / "docker", folder / "run"
        self.docker.mkdir()
        (self.runtime / "podman").mkdir(parents=True)
        self.env = {"DOCKER_CONFIG": str(self.docker), "XDG_RUNTIME_DIR": str(self.runtime)}
        self._sockets: list[socket.socket] = []

    def context(self, name: str, host: str, **more: Any) -> None:
        write_context(self.docker, name, {**meta_of(host, **more), "Name": name})

    def listen(self, name: str) -> str:
        """A socket there; its URL."""
        path = self.runtime / name
        self._sockets.append(socket.socket(socket.AF_UNIX))
        self._sockets[-1].bind(str(path))
        return f"unix://{path}"

    def offers(self, current: Endpoint | None = None, **env: str) -> dict[str, Offer]:
        return {offer.name: offer for offer in offers({**self.env, **env}, current)}

    def close(self) -> None:
        for one in self._sockets:
            one.close()


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Iterator[Here]:
    # pytest's own folders are too deep for a socket's path.
    with tempfile.TemporaryDirectory(prefix="twtest") as folder:
        monkeypatch.setattr(discovery, "ROOTS_PODMAN", f"{folder}/roots.sock")
        monkeypatch.setattr(discovery, "DEFAULT_URL", f"unix://{folder}/default.sock")
        one = Here(Path(folder))
        yield one
        one.close()


def test_contexts_and_sockets_are_found_and_named_as_engine_takes_them(here: Here) -> None:
    here.context("prod", PROD)
    rootless, podman = here.listen("docker.sock"), here.listen("podman/podman.sock")
    found = here.offers()
    assert {name: o.endpoint and o.endpoint.url for name, o in found.items()} == {
        "prod": PROD,
        "rootless": rootless,
        "podman": podman,
        DEFAULT_URL: DEFAULT_URL,
    }
    assert found["prod"].title == "the Docker context prod"
    assert found["rootless"].title == "rootless Docker"
    assert found["podman"].title == f"Podman at {podman.removeprefix('unix://')}"
    for name, offer in found.items():
        assert engine_named(name, here.env) == Endpoint(
            offer.endpoint.url if offer.endpoint else "",
            "prod" if name == "prod" else "default",
            CHOSEN,
        )


def test_a_second_podman_goes_by_its_url(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    own, roots = here.listen("podman/podman.sock"), here.listen("roots.sock")
    monkeypatch.setattr(discovery, "ROOTS_PODMAN", roots.removeprefix("unix://"))
    found = here.offers()
    assert found["podman"].endpoint == Endpoint(own, origin=CHOSEN)
    assert found[roots].endpoint == Endpoint(roots, origin=CHOSEN)
    os.unlink(own.removeprefix("unix://"))  # noqa: PTH108
    assert engine_named("podman", here.env).url == roots


def test_an_address_is_offered_once_under_its_contexts_name(here: Here) -> None:
    url = here.listen("docker.sock")
    here.context("mine", url)
    here.context("podman", PROD)
    podman = here.listen("podman/podman.sock")
    found = here.offers(Endpoint(url, "mine"))
    assert "rootless" not in found
    assert found["mine"].is_current
    assert found["podman"].endpoint == Endpoint(PROD, "podman", CHOSEN)
    assert found[podman].endpoint == Endpoint(podman, origin=CHOSEN)


def test_what_the_environment_names_can_be_gone_back_to(here: Here) -> None:
    found = here.offers(Endpoint(PROD, origin=CHOSEN), DOCKER_HOST="tcp://10.0.0.9:2375")
    assert found["tcp://10.0.0.9:2375"].title == "the engine at tcp://10.0.0.9:2375"
    assert found[PROD].is_current


@pytest.mark.parametrize(
    ("meta", "reason"),
    [
        ("{", "it names none"),
        ("[]", "it names none"),
        ('{"Name": 7}', "it names none"),
        ({"Name": "bad", "Endpoints": {}}, "names no Docker host"),
        ({"Name": "bad", "Endpoints": {"docker": {"Host": "bogus://x"}}}, "begins with none of"),
        (
            {"Name": "bad", "Endpoints": {"docker": {"Host": "unix:///nowhere.sock"}}},
            "there is no socket /nowhere.sock",
        ),
    ],
)
def test_a_context_that_cannot_be_used_is_listed_with_its_reason(
    here: Here, meta: Any, reason: str
) -> None:
    write_context(here.docker, "bad", meta)
    here.context("good", PROD)
    found = here.offers()
    assert found.pop("good").reason == ""
    (bad,) = [offer for offer in found.values() if offer.reason]
    assert reason in bad.reason
    assert "\n" not in bad.line


def test_a_tls_context_without_its_key_is_listed_with_the_file_that_is_missing(here: Here) -> None:
    here.context("half", PROD)
    certificates = here.docker / "contexts" / "tls" / context_key("half") / "docker"
    certificates.mkdir(parents=True)
    (certificates / "cert.pem").write_text("x")
    half = here.offers()["half"]
    assert half.reason.endswith(f"there is no {certificates / 'key.pem'}")
    with pytest.raises(EngineUnavailable, match=r"key\.pem"):
        engine_named("half", here.env)


def test_a_socket_of_another_user_is_listed_with_its_reason(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = here.listen("podman/podman.sock")
    monkeypatch.setattr(discovery.os, "access", lambda *_: False)
    found = here.offers()[url]
    assert found.reason == f"{url.removeprefix('unix://')} may not be opened by this user"
    assert found.fix.startswith("see whose it is: ls -l ")


@pytest.mark.parametrize(
    ("name", "reason", "fix"),
    [
        ("prdo", "There is no engine 'prdo': it is no Docker context in ", "twindeck engines"),
        ("podman", "Podman is not here: no ", "systemctl --user start podman.socket"),
        ("rootless", "rootless Docker is not here: no ", "systemctl --user start docker"),
        ("bogus://x", "The engine is 'bogus://x', which begins with none of", "twindeck engines"),
        ("tcp://h:port", "no such host or port", "twindeck engines"),
    ],
)
def test_a_name_that_is_none_is_told(here: Here, name: str, reason: str, fix: str) -> None:
    with pytest.raises(EngineUnavailable) as caught:
        Resolver(here.env, name).endpoint()
    assert reason in str(caught.value)
    assert fix in caught.value.fix


def test_a_choice_does_not_lead_what_was_pinned_elsewhere(here: Here) -> None:
    here.context("prod", PROD)
    docker = Resolver(here.env)
    first = docker.pinned()
    docker.choose("prod")
    assert (docker.endpoint().url, first.endpoint().url) == (PROD, DEFAULT_URL)
    with pytest.raises(EngineUnavailable):
        docker.choose("nosuch")
    assert docker.endpoint().url == PROD


@pytest.mark.parametrize("is_named", [False, True])
def test_where_nothing_is_named_and_docker_is_not_there_another_engine_is_offered(
    here: Here, monkeypatch: pytest.MonkeyPatch, is_named: bool
) -> None:
    def refuse(*_: object) -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr("tui.sides.docker_link.connect", refuse)
    path = here.listen("podman/podman.sock").removeprefix("unix://")
    env = {**here.env, **({"DOCKER_HOST": DEFAULT_URL} if is_named else {})}
    link = Link(Resolver(env))
    with pytest.raises(EngineUnavailable, match="Docker is not running") as caught:
        link.look()
    offered = f", or use Podman at {path}: ctrl+p in the console, or --engine podman"
    assert caught.value.fix.endswith(offered) is not is_named
    # It is never taken by itself.
    assert link.endpoint.url == DEFAULT_URL
