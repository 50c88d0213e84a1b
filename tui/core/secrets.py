"""Masks what looks secret before it reaches a screen, a file or a terminal.

By name: what is called a password, a token, a key. By shape: a password in a URL, tokens of
well-known makers. docs/cli.md says which names count. What is called nothing of the kind and
looks like nothing of the kind cannot be known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

MASK = "********"
"""Of the same length whatever it stands for."""

_WORDS = frozenset(
    {
        *("KEY", "KEYS", "AUTH", "OAUTH", "OAUTH2", "AUTHORIZATION", "PASS", "PWD", "PW", "CRED"),
        *("CREDS", "DSN", "COOKIE", "SALT", "PEM", "JWT", "SIGNATURE", "OTP", "PIN", "WEBHOOK"),
    }
)
"""Secret as a word of a name: `API_KEY`, not `KEYBOARD`."""
_PLAIN_NAMES = frozenset({"PWD", "OLDPWD", "SANDBOXKEY", "GPG_KEY"})
"""Called like a secret and none: folders, a container's network namespace, a key's public print."""
_SECRET_PART = re.compile(
    "PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|PRIVATE"
    "|(?:API|AUTH|ACCESS|MASTER|SIGNING|ENCRYPTION|SSH)KEY"
)
"""Secret wherever it stands in a name, separators left out."""
_PATH_NAME = re.compile(r"(?:FILE|PATH|DIR|SOCK)$")
"""`POSTGRES_PASSWORD_FILE=/run/secrets/x` names a file, and its name is no secret."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_NAME = r"[A-Za-z_][\w.\-]{0,99}"
_VALUE = r"(\"[^\"]*\"|'[^']*'|\S+)"
_ASSIGNED = re.compile(rf"(?<![\w.\-])(-{{0,2}}{_NAME})={_VALUE}")
_TOLD = re.compile(rf"(?<![\w.\-])({_NAME})[\"']?:(?!//)\s*{_VALUE}")
_OPTION = re.compile(rf"(?<!\S)(--?{_NAME})\s+(?!-){_VALUE}")
_HEADER = re.compile(r"\b(authorization[\"']?\s*[:=]\s*[\"']?(?:\w+\s+)?)(\S+)", re.IGNORECASE)
_BEARER = re.compile(r"\b([Bb]earer\s+)([\w.~+/=-]{16,})")
_WHOLE = re.compile(r"(-{0,2}[A-Za-z_][\w.\-/]{0,255})=(.*)", re.DOTALL)
_SHAPES = (
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----|[\s\S]*)"
    r"|\bgh[oprsu]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}"
    r"|\bxox[abeoprs]-[\w-]{8,}|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[\w-]{30,}"
    r"|\b[rsp]k_(?:live|test)_\w{10,}|\bsk-[\w-]{20,}|\bhv[sb]\.[\w-]{20,}|\bdop_v1_[a-f0-9]{20,}"
    r"|\bnpm_[A-Za-z0-9]{30,}|\bpypi-[\w-]{30,}|\bdckr_pat_[\w-]{20,}|\bhf_[A-Za-z0-9]{30,}"
    r"|\beyJ[\w-]{5,}\.eyJ[\w-]{5,}\.[\w-]*"
    r"|\bhttps://hooks\.slack\.com/\S+"
)
_HINTS = (
    *("PRIVATE KEY", "gh", "glpat-", "xox", "AKIA", "ASIA", "AIza", "k_live_", "k_test_", "sk-"),
    *("hvs.", "hvb.", "dop_v1_", "npm_", "pypi-", "dckr_pat_", "hf_", "eyJ", "hooks.slack"),
)
"""One of them stands in everything that has such a shape: looked for first, for speed."""
_URL = re.compile(r"\b([A-Za-z][A-Za-z0-9+.\-]{0,30}://)([^\s/?#'\"<>]*)@")
_LEAST_TOKEN = 20
_LEAST_REPEATED = 8
"""A shorter secret is masked where it stands, not wherever its letters stand too."""


def is_secret_name(name: str) -> bool:
    """Whether what bears that name is taken for one: `DB_PASSWORD`, `--api-key`, `authToken`."""
    name = name.lstrip("-")
    upper = name.upper()
    if upper in _PLAIN_NAMES:
        return False
    joined = re.sub(r"[^A-Z0-9]", "", upper)
    words = [word.upper() for word in _WORD.findall(name)]
    if "PUBLIC" in words:
        return False
    return bool(_SECRET_PART.search(joined)) or not _WORDS.isdisjoint(words)


def masked(value: Any) -> Any:
    """The same structure of dicts, lists and texts with every secret in it masked.

    A secret of some length is masked wherever it stands, also where no name tells of it.
    """
    found = {
        secret
        for secret in _secrets_in(value)
        # `AUTH_METHOD=password`: a word for a secret is none.
        if len(secret) >= _LEAST_REPEATED and not is_secret_name(secret)
    }
    # The longest first: one may hold another.
    return _masked(value, sorted(found, key=lambda secret: (-len(secret), secret)))


def mask_text(text: str) -> str:
    """A line or a text with the secrets in it masked."""
    return _mask(text)[0]


def _masked(value: Any, known: list[str], name: str = "") -> Any:
    if isinstance(value, Mapping):
        # A name may itself hold one: an engine may list `NAME=value` as keys.
        return {
            _hide(str(key), known) if isinstance(key, str) else key: _masked(
                one, known, str(key) if not is_secret_name(name) else name
            )
            for key, one in value.items()
        }
    if isinstance(value, list | tuple):
        return [
            MASK if _is_value_of(value, at) else _masked(one, known, name)
            for at, one in enumerate(value)
        ]
    if value is None or isinstance(value, bool) or value == "":
        return value
    if isinstance(value, str):
        return MASK if _is_secret(name, value) else _hide(value, known)
    return MASK if is_secret_name(name) else value


def _hide(text: str, known: list[str]) -> str:
    for secret in known:
        text = text.replace(secret, MASK)
    return mask_text(text)


def _secrets_in(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _secrets_in(one, str(key) if not is_secret_name(name) else name)
    elif isinstance(value, list | tuple):
        for at, one in enumerate(value):
            if _is_value_of(value, at):
                yield str(one)
            else:
                yield from _secrets_in(one, name)
    elif isinstance(value, str):
        if _is_secret(name, value):
            yield value
        else:
            yield from _mask(value)[1]


def _is_value_of(values: list[Any] | tuple[Any, ...], at: int) -> bool:
    """Whether a word of a command is what a secret option before it takes."""
    before = values[at - 1] if at else None
    one = values[at]
    return (
        isinstance(one, str)
        and one != ""
        and isinstance(before, str)
        and before.startswith("-")
        and "=" not in before
        and not any(letter.isspace() for letter in before)
        and _is_secret(before, one)
    )


def _is_secret(name: str, value: str) -> bool:
    if not value or not is_secret_name(name):
        return False
    return not (_PATH_NAME.search(name.upper()) and value.startswith("/"))


@cache
def _shapes() -> re.Pattern[str]:
    return re.compile(_SHAPES)


def _mask(text: str) -> tuple[str, list[str]]:
    """The text masked, and what was masked in it."""
    # A word of a list of variables as a whole: its value may hold blanks and quotes.
    if (whole := _WHOLE.fullmatch(text)) and _is_secret(whole[1], whole[2]):
        return f"{whole[1]}={MASK}", [whole[2]]
    hider = _Hider()
    for announced in (_HEADER, _BEARER):
        text = announced.sub(hider.announced, text)
    for sign, named in (("=", _ASSIGNED), (":", _TOLD), ("-", _OPTION)):
        if sign in text:
            text = named.sub(hider.named, text)
    if "://" in text:
        text = _URL.sub(hider.login, text)
    if any(hint in text for hint in _HINTS):
        text = _shapes().sub(lambda match: hider.hide(match[0], MASK), text)
    return text, hider.found


class _Hider:
    """What stands for a find, and what was found."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def hide(self, secret: str, instead: str) -> str:
        if secret and secret != MASK:
            self.found.append(secret)
        return instead

    def announced(self, match: re.Match[str]) -> str:
        return self.hide(match[2], match[1] + MASK)

    def named(self, match: re.Match[str]) -> str:
        value = match[2].strip("\"'")
        if not _is_secret(match[1], value) or value == MASK:
            return match[0]
        return self.hide(value, match[0][: match.start(2) - match.start()] + MASK)

    def login(self, match: re.Match[str]) -> str:
        user, _, password = match[2].partition(":")
        if password:
            return self.hide(password, f"{match[1]}{user}:{MASK}@")
        # A token alone stands where the user's name would.
        is_token = len(user) >= _LEAST_TOKEN
        return self.hide(user, f"{match[1]}{MASK}@") if is_token else match[0]
