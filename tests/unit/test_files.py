"""A file is written whole or left as it was, for its owner alone, and never through a link."""

from __future__ import annotations

import errno
import os
import resource
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tui.core.files import (
    PRIVATE,
    append_private,
    make_private,
    new_file,
    private_folder,
    replace_file,
    tighten,
)
from tui.errors import FileFailed

WRITERS = [replace_file, new_file]


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def in_a_small_space(body: str, *arguments: Path) -> str:
    """What a process prints whose files may not grow over 4 KiB."""
    limit = 4096

    def narrow() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    told = subprocess.run(
        [sys.executable, "-c", body, *map(str, arguments)],
        preexec_fn=narrow,
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    old = tmp_path / "report.html"
    old.write_text("the report of yesterday")
    told = in_a_small_space(
        "import sys; from pathlib import Path; from tui.core.files import replace_file\n"
        "from tui.errors import FileFailed\n"
        "try: replace_file(Path(sys.argv[1]), 'x' * 100_000)\n"
        "except FileFailed as error: print(error.line)",
        old,
    )
    assert told == (
        f"{old}: cannot be written: the file would be larger than is allowed → see: ulimit -f\n"
    )
    assert old.read_text() == "the report of yesterday"
    assert list(tmp_path.iterdir()) == [old]


@pytest.mark.parametrize("write", WRITERS)
def test_a_new_file_whose_writing_fails_is_not_there(
    write: Callable[..., None], tmp_path: Path
) -> None:
    told = in_a_small_space(
        "import sys; from pathlib import Path; from tui.core import files\n"
        "from tui.errors import FileFailed\n"
        f"try: files.{write.__name__}(Path(sys.argv[1]), 'x' * 100_000)\n"
        "except FileFailed as error: print('refused')",
        tmp_path / "new",
    )
    assert told == "refused\n"
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_called_one_with_the_next_step() -> None:
    with pytest.raises(FileFailed) as caught:
        replace_file(Path("/dev/full"), "text")
    assert caught.value.line == (
        "/dev/full: cannot be written: the disk is full → free some space there, see: df -h /dev"
    )


def test_it_holds_all_that_was_written_and_follows_the_umask(tmp_path: Path) -> None:
    # As long as a name may be.
    file = tmp_path / ("é" * 127)
    before = os.umask(0o027)
    try:
        replace_file(file, "ä\r\nb")
    finally:
        os.umask(before)
    assert file.read_bytes() == "ä\r\nb".encode()
    assert mode_of(file) == 0o640


def test_an_old_file_keeps_its_mode_and_its_owner(tmp_path: Path) -> None:
    file = tmp_path / "report"
    file.write_text("old")
    file.chmod(0o604)
    if os.geteuid() == 0:
        os.chown(file, 12345, 12346)
    owner = (file.stat().st_uid, file.stat().st_gid)
    replace_file(file, "new")
    assert (file.read_text(), mode_of(file)) == ("new", 0o604)
    assert (file.stat().st_uid, file.stat().st_gid) == owner


def test_ours_alone_whatever_it_was(tmp_path: Path) -> None:
    file = tmp_path / "answer.json"
    file.write_text("old")
    file.chmod(0o644)
    replace_file(file, "new", PRIVATE)
    assert mode_of(file) == 0o600


@pytest.mark.parametrize("write", [replace_file, tighten, make_private])
def test_nothing_is_written_through_a_link(write: Callable[..., None], tmp_path: Path) -> None:
    target, link = tmp_path / "theirs", tmp_path / "ours"
    target.write_text("theirs")
    target.chmod(0o644)
    link.symlink_to(target)
    arguments = ("text",) if write is replace_file else ()
    with pytest.raises(FileFailed, match="it is a symbolic link"):
        write(link, *arguments)
    assert link.is_symlink()
    assert (target.read_text(), mode_of(target)) == ("theirs", 0o644)


def test_nothing_is_appended_through_a_link_or_to_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "target").touch()
    (tmp_path / "link").symlink_to(tmp_path / "target")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe"):
        with pytest.raises(FileFailed):
            append_private(tmp_path / name)


def test_a_link_to_nowhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for write in WRITERS:
        with pytest.raises(FileFailed):
            write(tmp_path / "link", "text")
    assert not (tmp_path / "nowhere").exists()


def test_a_new_file_takes_nobodys_place(tmp_path: Path) -> None:
    file = tmp_path / "log.txt"
    new_file(file, "first", PRIVATE)
    with pytest.raises(FileFailed, match="it is there already"):
        new_file(file, "second", PRIVATE)
    assert (file.read_text(), mode_of(file)) == ("first", 0o600)
    assert list(tmp_path.iterdir()) == [file]


def test_a_new_file_where_there_are_no_hard_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    file = tmp_path / "log.txt"
    new_file(file, "first")
    with pytest.raises(FileFailed, match="it is there already"):
        new_file(file, "second")
    assert file.read_text() == "first"


def test_a_device_is_written_to_as_it_is() -> None:
    replace_file(Path("/dev/null"), "text")
    assert Path("/dev/null").is_char_device()


def test_a_pipe_gets_it_all(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        replace_file(pipe, "text")
        assert os.read(reader, 10) == b"text"
    finally:
        os.close(reader)


def test_a_log_of_ours_is_tightened_and_appended_to(tmp_path: Path) -> None:
    log = tmp_path / "setup.log"
    log.write_text("one\n")
    log.chmod(0o644)
    with os.fdopen(append_private(log), "a") as file:
        file.write("two\n")
    assert (log.read_text(), mode_of(log)) == ("one\ntwo\n", 0o600)


def test_a_folder_of_ours_is_private_and_one_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    assert mode_of(private_folder(tmp_path / "a" / "b")) == 0o700
    shared = tmp_path / "shared"
    shared.mkdir(0o755)
    shared.chmod(0o755)
    assert mode_of(private_folder(shared)) == 0o755
    (tmp_path / "file").touch()
    with pytest.raises(FileFailed, match="Not a directory"):
        private_folder(tmp_path / "file")


def test_every_file_of_the_product_is_written_here_or_is_known() -> None:
    """A new `open('w')`, `write_text` or `write_bytes` needs a reason; most want `replace_file`."""
    writing = (".write_text(", ".write_bytes(", '.open("w', '.open("a', '.open("x', '.open("r+')
    here = Path(__file__).parents[2] / "tui"
    found = {
        str(path.relative_to(here))
        for path in here.rglob("*.py")
        if any(sign in path.read_text(encoding="utf-8") for sign in writing)
    }
    assert found <= {
        "core/files.py",  # all of the above
        "setup/box.py",  # below a folder of ours, under a name of its own until it is whole
        "setup/guest.py",  # files for the guest's disk, in that folder
        "sides/vagrant_command.py",  # a nameless file for a child's output
        *{str(path.relative_to(here)) for path in (here / "lab").rglob("*.py")},  # lab's folders
    }
