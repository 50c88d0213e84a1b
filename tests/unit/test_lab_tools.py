"""What is brought to a guest: programs with their libraries and loader."""

from __future__ import annotations

import io
import os
import platform
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tui.errors import ActionFailed
from tui.lab import tools
from tui.setup.needs import LAB_PACKAGES

GLIBC = """\
\tlinux-vdso.so.1 (0x00007f0542353000)
\tlibluajit-5.1.so.2 => /lib/x86_64-linux-gnu/libluajit-5.1.so.2 (0x00007fe27b194000)
\tlibz.so.1 => /nosuch/glibc-hwcaps/x86-64-v3/libz.so.1 (0x00007fe27a81e000)
\t/lib64/ld-linux-x86-64.so.2 (0x00007fe27b249000)
"""
MUSL = """\
\t/lib/ld-musl-x86_64.so.1 (0x7f7a3c8d1000)
\tlibaio.so.1 => /usr/lib/libaio.so.1 (0x7f7a3c8c0000)
\tlibc.musl-x86_64.so.1 => /lib/ld-musl-x86_64.so.1 (0x7f7a3c8d1000)
"""


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """What a process remembers of its tools is of another PATH here."""
    remembered = (tools.bundle, tools._version, tools._interpreter, tools._libraries)
    for one in remembered:
        one.cache_clear()
    yield
    for one in remembered:
        one.cache_clear()


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that comes first on the PATH."""
    folder = tmp_path / "own"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


def test_a_bundle_runs_with_nothing_but_itself(tmp_path: Path, own: Path) -> None:
    shutil.copy(Path("/bin/true").resolve(), own / "wrk")
    archive = tools.bundle(("wrk",))
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        assert {"bin/wrk", "lib/loader", "lib/libc.so.6"} <= set(tar.getnames())
        assert all(member.isreg() for member in tar)
        tar.extractall(tmp_path / "there", filter="data")
    there = tmp_path / "there"
    (there / "bin/wrk").chmod(0o755)
    (there / "lib/loader").chmod(0o755)
    argv = tools.command(str(there), "wrk")
    assert argv[0] == f"{there}/lib/loader"
    done = subprocess.run((*argv, "--version"), env={}, capture_output=True, text=True, check=True)
    assert "true" in done.stdout
    traced = subprocess.run(
        (argv[0], "--library-path", argv[2], "--list", argv[3]), capture_output=True, text=True
    )
    assert f"{there}/lib/libc.so.6" in traced.stdout
    assert tools.bundle(("wrk",)) is archive


def test_libraries_of_either_libc() -> None:
    found = tools.parse_ldd(GLIBC)
    assert set(found) == {"libluajit-5.1.so.2", "libz.so.1", "ld-linux-x86-64.so.2"}
    assert set(tools.parse_ldd(MUSL)) == {
        "ld-musl-x86_64.so.1",
        "libaio.so.1",
        "libc.musl-x86_64.so.1",
    }
    assert tools.parse_ldd("\tnot a dynamic executable\n") == {}


def test_the_plain_build_of_a_library_is_taken(tmp_path: Path) -> None:
    fast = tmp_path / "glibc-hwcaps/x86-64-v3/libz.so.1"
    fast.parent.mkdir(parents=True)
    fast.touch()
    line = f"\tlibz.so.1 => {fast} (0x00007fe27a81e000)\n"
    assert tools.parse_ldd(line) == {"libz.so.1": fast.resolve()}
    (tmp_path / "libz.so.1").touch()
    assert tools.parse_ldd(line) == {"libz.so.1": (tmp_path / "libz.so.1").resolve()}


def test_a_static_program_comes_alone_and_is_run_as_it_is(own: Path) -> None:
    # The dynamic loader itself is an ELF program that asks for none.
    loader = Path(tools._interpreter(Path(sys.executable).resolve())).resolve()
    shutil.copy(loader, own / "wrk")
    with tarfile.open(fileobj=io.BytesIO(tools.bundle(("wrk",)))) as tar:
        assert tar.getnames() == ["bin/wrk"]
    assert tools.command("/there", "wrk") == ("/there/bin/wrk",)


def test_what_cannot_be_brought_is_refused(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own / "wrk").write_text("#!/bin/sh\nexit 0\n")
    (own / "fio").write_bytes(b"\x7fELF\x02\x01")
    for name in ("wrk", "fio"):
        (own / name).chmod(0o755)
    with pytest.raises(ActionFailed, match="is no ELF program"):
        tools.bundle(("wrk",))
    with pytest.raises(ActionFailed, match="is no whole ELF program"):
        tools.bundle(("fio",))
    monkeypatch.setenv("PATH", str(own))
    with pytest.raises(ActionFailed, match="not installed on this host: iperf3") as caught:
        tools.bundle(("iperf3",))
    assert caught.value.fix == "twindeck setup"
    assert tools.missing() == ["sysbench", "h2load", "iperf3"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("echo '\tlibfoo.so.1 => not found'", "lacks libfoo.so.1 on this host"),
        (
            "echo 'Error loading shared library libfoo.so.1: No such file' >&2; exit 127",
            "lacks libfoo.so.1 on this host",
        ),
        ("echo 'ldd: exited with unknown exit code' >&2; exit 1", "said: ldd: exited with"),
    ],
)
def test_a_library_that_is_not_there_is_named(own: Path, said: str, words: str) -> None:
    shutil.copy(Path("/bin/true").resolve(), own / "wrk")
    (own / "ldd").write_text(f"#!/bin/sh\n{said}\n")
    (own / "ldd").chmod(0o755)
    with pytest.raises(ActionFailed, match=words):
        tools.bundle(("wrk",))


def test_another_processor_is_refused() -> None:
    tools.refuse_machine(f"{platform.machine()}\n")
    with pytest.raises(ActionFailed, match="its processor is riscv128 and this host's is"):
        tools.refuse_machine("riscv128\n")
    with pytest.raises(ActionFailed, match="is not told"):
        tools.refuse_machine("")


def test_versions_as_the_tools_tell_them(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = {
        "sysbench": "sysbench 1.0.20",
        "fio": "fio-3.33",
        "wrk": "wrk debian/4.1.0-3+b2 [epoll] Copyright (C) 2012 Will Glozer",
        "h2load": "h2load nghttp2/1.52.0",
        "iperf3": "no figure",
    }
    for name, line in lines.items():
        word = "-v" if name == "wrk" else "--version"
        script = f'#!/bin/sh\n[ "$1" = {word} ] && echo "{line}"\nexit 1\n'
        (own / name).write_text(script)
        (own / name).chmod(0o755)
    assert tools.versions() == {
        "sysbench": "1.0.20",
        "fio": "3.33",
        "wrk": "4.1.0",
        "h2load": "1.52.0",
        "iperf3": "?",
    }
    monkeypatch.setenv("PATH", "/nosuch")
    assert tools.versions() == {}


def test_setup_installs_every_tool() -> None:
    assert tuple(LAB_PACKAGES) == tools.TOOLS
