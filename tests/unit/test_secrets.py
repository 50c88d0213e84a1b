"""What looks secret is masked; what does not is left as it is."""

from __future__ import annotations

import string
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.core.secrets import MASK, is_secret_name, mask_text, masked

SECRET_NAMES = (
    *("PASSWORD", "DB_PASSWD", "MYSQL_ROOT_PASSWORD", "client_secret", "GITHUB_TOKEN", "API_KEY"),
    *("apiKey", "AWS_SECRET_ACCESS_KEY", "credentials", "HTTP_AUTH", "SENTRY_DSN", "privateKey"),
    *("authToken", "com.example.db-password", "--password", "REDIS_PASS", "db.pwd", "accesskey"),
)
PLAIN_NAMES = (
    *("PATH", "HOME", "PWD", "OLDPWD", "KEYBOARD", "MONKEY", "AUTHOR", "Image", "PidMode", "Pid"),
    *("org.opencontainers.image.authors", "SandboxKey", "SSH_PUBLIC_KEY", "COMPASS", "GPG_KEY"),
    *("com.docker.compose.project", "MaskedPaths", "ReadonlyPaths", "Passive", "TERM", "LANG"),
)


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_a_name_that_counts_as_secret(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", PLAIN_NAMES)
def test_a_name_that_does_not(name: str) -> None:
    assert not is_secret_name(name)


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield key
            yield from texts_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts_in(one)
    elif isinstance(value, str):
        yield value


# Begins like nothing else in these structures, so that a find is a find.
secrets = st.text(
    string.ascii_letters + string.digits + "!#%+,./:;<=>?@^_{}~ \"'é", min_size=6
).map(lambda text: f"Zq{text.strip()}9x")
simple = st.text(string.ascii_letters + string.digits, min_size=8, max_size=30).map("Zq{}".format)
names = st.sampled_from([name for name in SECRET_NAMES if not name.startswith("-")])


@st.composite
def hidden(draw: st.DrawFn) -> tuple[str, Any]:
    """A secret, and a place in which an engine may tell of it."""
    secret, plain, name = draw(secrets), draw(simple), draw(names)
    option = "--" + name.lower().replace("_", "-").replace(".", "-")
    places: list[tuple[str, Any]] = [
        (secret, {name: secret}),
        (secret, {name: {"inner": [secret, {"deep": secret}]}}),
        (secret, {"Env": ["PATH=/bin", f"{name}={secret}"]}),
        (secret, {"Cmd": ["run", "--password", secret, "--verbose"]}),
        (secret, {"Cmd": ["run", f"--api-key={secret}"]}),
        (secret, {"Args": ["-e", f"{name}={secret}"]}),
        (secret, {"Env": [f"{name}={secret}"], "Cmd": ["serve", secret], "Note": f"<{secret}>"}),
        (plain, {"Cmd": ["sh", "-c", f"export {name}={plain}; serve"]}),
        (plain, {"Cmd": ["sh", "-c", f"serve {option} {plain} --loud"]}),
        (plain, {"Env": [f"DATABASE_URL=postgres://app:{plain}@db/shop"]}),
        (plain, {"Labels": {"remote": f"https://me:{plain}@example.org/x.git"}}),
        (plain, {"Header": f"Authorization: Bearer {plain}"}),
        (plain, {"Env": [f'CONFIG={{"{name}": "{plain}", "port": 1}}']}),
    ]
    return draw(st.sampled_from(places))


@st.composite
def wrapped(draw: st.DrawFn) -> tuple[str, Any]:
    """The same, somewhere in a larger structure."""
    secret, value = draw(hidden())
    for _ in range(draw(st.integers(0, 3))):
        value = draw(
            st.sampled_from(
                [{"Config": value, "Id": "0f3a"}, [value, 1, None], {"HostConfig": {"x": [value]}}]
            )
        )
    return secret, value


@given(wrapped())
def test_no_secret_survives_in_the_masked_structure(case: tuple[str, Any]) -> None:
    secret, value = case
    for text in texts_in(masked(value)):
        assert secret not in text
    assert MASK in "".join(texts_in(masked(value)))


plain_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["running", "nginx:1", "/bin/sh -c serve", "10.0.0.1", "a=b", "key value"]),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(PLAIN_NAMES), inner),
)


@given(plain_json)
def test_what_is_no_secret_is_left_as_it_is(value: Any) -> None:
    assert masked(value) == value


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | names, inner),
    max_leaves=20,
)


@given(any_json)
def test_any_structure_keeps_its_shape_and_is_masked_once(value: Any) -> None:
    once = masked(value)
    assert type(once) is type(value) or once == MASK
    assert masked(once) == once


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("docker run -e DB_PASSWORD=hunter2 web", f"docker run -e DB_PASSWORD={MASK} web"),
        ("password: hunter2", f"password: {MASK}"),
        ('{"token": "abc", "port": 80}', f'{{"token": {MASK}, "port": 80}}'),
        ("PASSWORD='a b' next", f"PASSWORD={MASK}"),
        ("login --password hunter2 --user me", f"login --password {MASK} --user me"),
        ("redis://:s3cret@cache:6379/0", f"redis://:{MASK}@cache:6379/0"),
        ("tcp://root:pw@10.0.0.1:2375 refused", f"tcp://root:{MASK}@10.0.0.1:2375 refused"),
        ("pushed with ghp_" + "a1B2" * 9, f"pushed with {MASK}"),
        ("AKIAIOSFODNN7EXAMPLE", MASK),
        ("curl -H 'Authorization: Basic YWxhZGRpbg=='", "curl -H 'Authorization: "),
        ("POSTGRES_PASSWORD_FILE=/run/secrets/db", "POSTGRES_PASSWORD_FILE=/run/secrets/db"),
        ("SSH_AUTH_SOCK=/run/agent", "SSH_AUTH_SOCK=/run/agent"),
        ("http://127.0.0.1:8080/path@2x.png", "http://127.0.0.1:8080/path@2x.png"),
        ("==> web: Inserting generated public key", "==> web: Inserting generated public key"),
        ("basic configuration of the keyboard", "basic configuration of the keyboard"),
    ],
)
def test_a_line_is_masked(text: str, shown: str) -> None:
    assert mask_text(text).startswith(shown)
    assert "hunter2" not in mask_text(text)
    assert "YWxhZGRpbg" not in mask_text(text)


def test_a_private_key_is_masked_to_its_end() -> None:
    body = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA\n-----END OPENSSH PRIVATE KEY-----"
    assert masked({"file": f"a {body} b"}) == {"file": f"a {MASK} b"}


def test_a_short_secret_is_masked_only_where_it_stands() -> None:
    found = masked({"Env": ["POSTGRES_PASSWORD=pg"], "Image": "pg:16"})
    assert found == {"Env": [f"POSTGRES_PASSWORD={MASK}"], "Image": "pg:16"}


def test_an_empty_secret_is_shown_empty() -> None:
    assert masked({"PASSWORD": "", "Env": ["TOKEN="]}) == {"PASSWORD": "", "Env": ["TOKEN="]}
