"""Who holds Vagrant's lock, told by the kernel and never by trying it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tui.sides.vagrant_index import Entry
from tui.sides.vagrant_lock import Locks, command_of, flock_holders, lock_file

TABLE = """\
1: POSIX  ADVISORY  WRITE 812 fe:00:4194402 0 EOF
2: FLOCK  ADVISORY  WRITE 4711 fe:00:1179 0 EOF
2: -> FLOCK  ADVISORY  WRITE 4712 fe:00:1179 0 EOF
3: FLOCK  ADVISORY  WRITE 0 00:2e:77 0 EOF
"""

HOLD = """\
import fcntl, sys
held = open(sys.argv[-1], "w")
fcntl.flock(held, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


def test_holders_are_flocks_not_waiters() -> None:
    assert flock_holders(TABLE) == {1179: 4711, 77: 0}


@given(st.text())
def test_any_table_is_survived(text: str) -> None:
    flock_holders(text)


def test_command_is_found_behind_its_interpreter() -> None:
    assert command_of(["ruby", "/usr/bin/vagrant", "--no-tty", "up", "nginx"]) == "vagrant up"
    assert command_of(["/opt/vagrant/bin/vagrant"]) == "vagrant"
    assert command_of(["vim", "/srv/shop/Vagrantfile"]) is None


def test_the_lock_is_named_as_vagrant_names_it() -> None:
    entry = Entry("nginx", "libvirt", Path("/srv/shop"), Path("/srv/shop/.vagrant"))
    # printf %s /srv/shop/srv/shop/.vagrantnginx | md5sum
    assert lock_file(Path("/h"), entry) == Path(
        "/h/data/lock.machine-action-eb38013a67d5d76478afa44cbb2b2507.lock"
    )


def test_a_holder_is_seen_and_its_lock_not_disturbed(tmp_path: Path) -> None:
    entry = Entry("nginx", "libvirt", tmp_path, tmp_path / ".vagrant")
    file = lock_file(tmp_path, entry)
    file.parent.mkdir()
    program = tmp_path / "vagrant"
    program.write_text(HOLD, encoding="ascii")
    assert Locks(tmp_path).holder(entry) is None
    with subprocess.Popen(
        [sys.executable, str(program), "up", str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert Locks(tmp_path).holder(entry) == (holder.pid, "vagrant up")
        assert holder.poll() is None
        holder.communicate("")
    assert Locks(tmp_path).holder(entry) is None
