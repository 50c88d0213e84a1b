"""Which engine is meant: as the docker command resolves it, and never the default by mistake."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.engines.docker.endpoint import DEFAULT_URL, Endpoint, resolve
from tui.engines.docker.resolver import Resolver
from tui.errors import EngineUnavailable

PROD, HOME = "tcp://10.0.0.5:2376", "unix:///run/user/1000/docker.sock"


def context_key(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()


def write_context(folder: Path, name: str, meta: Any) -> Path:
    """What `docker context create` writes; `meta` as text is written as it is."""
    file = folder / "contexts" / "meta" / context_key(name) / "meta.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    text = meta if isinstance(meta, bytes | str) else json.dumps(meta)
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def meta_of(host: str, **more: Any) -> dict[str, Any]:
    return {"Name": "x", "Metadata": {}, "Endpoints": {"docker": {"Host": host, **more}}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A configuration with two contexts, none of them chosen."""
    write_context(tmp_path, "prod", meta_of(PROD))
    write_context(tmp_path, "home", meta_of(HOME))
    return tmp_path


def resolved(folder: Path, current: str | None = None, **env: str) -> Endpoint:
    if current is not None:
        (folder / "config.json").write_text(json.dumps({"auths": {}, "currentContext": current}))
    return resolve({"DOCKER_CONFIG": str(folder), **env})


@pytest.mark.parametrize(
    ("host", "context", "current", "url", "origin"),
    [
        ("", "", None, DEFAULT_URL, ""),
        ("", "", "", DEFAULT_URL, ""),
        ("", "", "default", DEFAULT_URL, ""),
        ("", "", "prod", PROD, "config.json"),
        ("", "default", "prod", DEFAULT_URL, ""),
        ("", "home", None, HOME, "DOCKER_CONTEXT"),
        ("", "home", "prod", HOME, "DOCKER_CONTEXT"),
        ("tcp://h:1", "", None, "tcp://h:1", "DOCKER_HOST"),
        ("tcp://h:1", "", "prod", "tcp://h:1", "DOCKER_HOST"),
        ("tcp://h:1", "home", "prod", "tcp://h:1", "DOCKER_HOST"),
        ("tcp://h:1", "nosuch", "nosuch", "tcp://h:1", "DOCKER_HOST"),
        ("", "home", "nosuch", HOME, "DOCKER_CONTEXT"),
        ("  ", "home", "prod", DEFAULT_URL, "DOCKER_HOST"),
    ],
)
def test_the_host_wins_then_the_context_of_the_environment_then_the_current_one(
    folder: Path, host: str, context: str, current: str | None, url: str, origin: str
) -> None:
    endpoint = resolved(folder, current, DOCKER_HOST=host, DOCKER_CONTEXT=context)
    assert endpoint.url == url
    assert endpoint.origin.removeprefix(f"{folder}/") == origin


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("unix://", DEFAULT_URL),
        ("unix:///tmp/x.sock", "unix:///tmp/x.sock"),
        ("tcp://", "tcp://localhost:2375"),
        ("tcp://h", "tcp://h:2375"),
        ("tcp://:9", "tcp://localhost:9"),
        ("tcp://[::1]:9", "tcp://[::1]:9"),
        ("tcp://u:p@h:9", "tcp://h:9"),
        ("tcp://h:9/path", "tcp://h:9/path"),
        ("10.0.0.1:9", "tcp://10.0.0.1:9"),
        (" tcp://h:9 ", "tcp://h:9"),
        ("ssh://me@h", "ssh://me@h"),
        ("ssh://me@h:2222/run/x.sock", "ssh://me@h:2222/run/x.sock"),
    ],
)
def test_a_host_is_completed_as_the_docker_command_does(
    tmp_path: Path, host: str, url: str
) -> None:
    assert resolved(tmp_path, DOCKER_HOST=host).url == url


def test_a_socket_named_from_here_is_that_of_this_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert resolved(tmp_path, DOCKER_HOST="unix://x/y").url == f"unix://{tmp_path}/x/y"


@pytest.mark.parametrize(
    "host",
    ["http://h:1", "fd://", "TCP://h:1", "bogus://x", "npipe:////./pipe/x", "tcp://h:port",
     "tcp://[::1", "ssh://", "ssh://a:secret@h", "ssh://h?x=1", "unix:///a?b"],
)  # fmt: skip
def test_a_host_the_docker_command_refuses_is_refused(tmp_path: Path, host: str) -> None:
    with pytest.raises(EngineUnavailable, match="DOCKER_HOST") as caught:
        resolved(tmp_path, DOCKER_HOST=host)
    assert caught.value.fix == "correct or unset DOCKER_HOST"
    assert "secret" not in caught.value.line


@pytest.mark.parametrize("by_variable", [True, False], ids=["DOCKER_CONTEXT", "currentContext"])
@pytest.mark.parametrize(
    ("meta", "words"),
    [
        (None, "no file"),
        ("{", "is no JSON"),
        ("[" * 20000, "is no JSON"),
        (b"\xff\xfe\x00", "is no JSON"),
        ([], "names no Docker host"),
        ({"Endpoints": {}}, "names no Docker host"),
        ({"Endpoints": {"docker": {}}}, "names no Docker host"),
        ({"Endpoints": {"docker": {"Host": ""}}}, "names no Docker host"),
        ({"Endpoints": {"docker": {"Host": 5}}}, "names no Docker host"),
        ({"Endpoints": {"docker": []}}, "names no Docker host"),
        (meta_of("bogus://x"), "begins with none of"),
        (meta_of("10.0.0.1:9"), "begins with none of"),
        (meta_of("ssh://a:secret@h"), "such as a password"),
    ],
)
def test_a_context_that_cannot_be_resolved_is_named_with_its_file(
    folder: Path, meta: Any, words: str, by_variable: bool
) -> None:
    file = folder / "contexts" / "meta" / context_key("othr") / "meta.json"
    if meta is not None:
        write_context(folder, "othr", meta)
    current, env = (None, {"DOCKER_CONTEXT": "othr"}) if by_variable else ("othr", {})
    with pytest.raises(EngineUnavailable) as caught:
        resolved(folder, current, **env)
    assert "'othr'" in str(caught.value)
    assert str(file) in str(caught.value)
    assert words in str(caught.value)
    assert "docker context" in caught.value.fix
    assert "secret" not in caught.value.line


@pytest.mark.parametrize("text", ["{", "[]", "5", '{"currentContext": 5}', b"\xff\xfe\x00"])
def test_a_configuration_that_cannot_be_read_is_no_default(folder: Path, text: str | bytes) -> None:
    file = folder / "config.json"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(EngineUnavailable) as caught:
        resolved(folder)
    assert str(file) in str(caught.value)
    assert str(file) in caught.value.fix
    # Who names the engine elsewhere does not need that file.
    assert resolved(folder, DOCKER_HOST=PROD).url == PROD
    assert resolved(folder, DOCKER_CONTEXT="home").url == HOME


def test_files_that_are_folders_are_told_not_raised(folder: Path) -> None:
    file = write_context(folder, "odd", meta_of(PROD))
    file.unlink()
    file.mkdir()
    with pytest.raises(EngineUnavailable, match="Is a directory"):
        resolved(folder, DOCKER_CONTEXT="odd")
    (folder / "config.json").mkdir()
    with pytest.raises(EngineUnavailable, match="Is a directory"):
        resolved(folder)


def certificates(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()
    return folder


def test_tls_of_the_environment_takes_its_files_from_the_folder_named_or_the_configuration(
    tmp_path: Path,
) -> None:
    own = certificates(tmp_path / "own", "ca.pem", "cert.pem", "key.pem")
    endpoint = resolved(
        tmp_path, DOCKER_HOST="tcp://h:1", DOCKER_TLS_VERIFY="1", DOCKER_CERT_PATH=str(own)
    )
    assert endpoint.tls is not None
    assert (endpoint.tls.verify, endpoint.tls.ca) == (True, own / "ca.pem")
    assert endpoint.tls.pair == (own / "cert.pem", own / "key.pem")
    certificates(tmp_path, "ca.pem")
    unverified = resolved(tmp_path, DOCKER_HOST="tcp://h:1", DOCKER_TLS="1").tls
    assert unverified is not None
    assert (unverified.verify, unverified.ca, unverified.pair) == (
        False, tmp_path / "ca.pem", None,
    )  # fmt: skip
    assert resolved(tmp_path, DOCKER_TLS_VERIFY="1").url == "tcp://localhost:2376"


@pytest.mark.parametrize(
    ("present", "missing"),
    [((), "ca.pem"), (("ca.pem", "cert.pem"), "key.pem"), (("ca.pem", "key.pem"), "cert.pem")],
)
def test_tls_files_that_are_missing_are_named(
    tmp_path: Path, present: tuple[str, ...], missing: str
) -> None:
    folder = certificates(tmp_path / "certificates", *present)
    with pytest.raises(EngineUnavailable) as caught:
        resolved(tmp_path, DOCKER_TLS_VERIFY="1", DOCKER_CERT_PATH=str(folder))
    assert str(folder / missing) in str(caught.value)
    assert "DOCKER_CERT_PATH" in caught.value.fix


def test_tls_of_a_context_comes_from_its_own_folder(folder: Path) -> None:
    assert resolved(folder, DOCKER_CONTEXT="prod", DOCKER_TLS_VERIFY="1").tls is None
    own = folder / "contexts" / "tls" / context_key("prod") / "docker"
    certificates(own, "ca.pem", "cert.pem", "key.pem")
    endpoint = resolved(folder, DOCKER_CONTEXT="prod")
    assert endpoint.tls is not None
    assert endpoint.tls.pair == (own / "cert.pem", own / "key.pem")
    assert endpoint.environment == {
        "DOCKER_HOST": PROD,
        "DOCKER_CONTEXT": "",
        "DOCKER_TLS": "1",
        "DOCKER_TLS_VERIFY": "1",
        "DOCKER_CERT_PATH": str(own),
    }
    (own / "key.pem").unlink()
    with pytest.raises(EngineUnavailable, match=r"'prod'.*key\.pem"):
        resolved(folder, DOCKER_CONTEXT="prod")
    write_context(folder, "blind", meta_of(PROD, SkipTLSVerify=True))
    blind = resolved(folder, DOCKER_CONTEXT="blind").tls
    assert blind is not None
    assert not blind.verify


def test_a_child_is_told_the_engine_whatever_the_environment_says(folder: Path) -> None:
    env = {"DOCKER_CONFIG": str(folder), "DOCKER_CONTEXT": "home"}
    child = {**env, **resolve(env).environment}
    assert resolve(child).url == HOME
    child = {**env, **Endpoint().environment}
    assert resolve(child).url == DEFAULT_URL


def test_the_engine_is_resolved_once_but_a_failure_is_tried_again(folder: Path) -> None:
    env = {"DOCKER_CONFIG": str(folder), "DOCKER_CONTEXT": "later"}
    resolver = Resolver(env)
    with pytest.raises(EngineUnavailable):
        resolver.endpoint()
    write_context(folder, "later", meta_of(PROD))
    assert resolver.endpoint().url == PROD
    env["DOCKER_CONTEXT"] = "home"
    assert resolver.endpoint().url == PROD


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Endpoints", "docker", "Host", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)
NAMES = st.text(min_size=1).filter(lambda name: name != "default")


@given(
    name=NAMES,
    written=st.none() | st.binary(max_size=60) | JSON.map(lambda v: json.dumps(v).encode()),
    by_variable=st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_no_context_that_cannot_be_resolved_ever_gives_the_default_engine(
    name: str, written: bytes | None, by_variable: bool
) -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        if written is not None:
            write_context(folder, name, written)
        env: Mapping[str, str] = {"DOCKER_CONFIG": made}
        if by_variable:
            env = {**env, "DOCKER_CONTEXT": name}
        else:
            (folder / "config.json").write_text(json.dumps({"currentContext": name}))
        try:
            endpoint = resolve(env)
        except EngineUnavailable as error:
            trouble = error
        else:
            # Then it was the context itself that named a host.
            assert endpoint.context == name
            assert b"Host" in (written or b"")
            return
    assert "\n" not in trouble.line
    assert trouble.fix
    assert trouble.line.encode()
