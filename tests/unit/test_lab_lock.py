"""The lab's lock: one run on a host, whoever starts it, and nothing stale after a kill."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys

import pytest

from tui.errors import UsageError
from tui.lab.lock import only_run

_HOLD = (
    "import sys; from tui.lab.lock import only_run\n"
    "with only_run(sys.argv[1]): print('held', flush=True); sys.stdin.read()"
)


@pytest.fixture
def name() -> str:
    return f"twindeck.test.{secrets.token_hex(8)}"


def test_a_second_run_is_refused_with_the_pid_of_the_first(name: str) -> None:
    refused = pytest.raises(UsageError, match=rf"pid {os.getpid()} of user")
    with only_run(name), refused, only_run(name):
        pass


def test_it_is_free_again_afterwards(name: str) -> None:
    for _ in range(2):
        with only_run(name):
            pass


@pytest.mark.parametrize("folder", ["one", "two"])
def test_a_killed_run_leaves_nothing_and_its_data_folder_does_not_matter(
    name: str, folder: str, tmp_path: object
) -> None:
    env = {**os.environ, "TWINDECK_DATA": f"{tmp_path}/{folder}"}
    with subprocess.Popen(
        (sys.executable, "-c", _HOLD, name),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=env,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(UsageError, match=f"pid {other.pid} of user"), only_run(name):
            pass
        other.kill()
    with only_run(name):
        pass


def test_many_who_look_do_not_close_it(name: str) -> None:
    with only_run(name):
        for _ in range(100):
            with pytest.raises(UsageError, match="another comparison runs"), only_run(name):
                pass


def test_one_who_took_the_name_without_listening_is_told_as_unknown(name: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as squatter:
        squatter.bind(b"\0" + name.encode())
        with pytest.raises(UsageError, match="pid unknown"), only_run(name):
            pass


def test_a_child_does_not_hold_it_on(name: str) -> None:
    with only_run(name):
        child = subprocess.Popen(("sleep", "60"))
    try:
        with only_run(name):
            pass
    finally:
        child.kill()
        child.wait()
