"""The remembered accelerator, and the trial that decides it."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from tui import accelerator
from tui.setup import probe
from tui.setup.host import Host
from tui.setup.probe import Payload, Trial, boot, find_out, find_payload


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder, a box folder and a PATH of the test's own."""
    monkeypatch.setenv("TWINDECK_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("VAGRANT_HOME", str(tmp_path / "vagrant"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    (tmp_path / "bin").mkdir()
    return tmp_path / "data"


def fake_qemu(folder: Path, script: str) -> None:
    """An emulator that says what a real one would."""
    path = folder / "bin" / accelerator.qemu_command()
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_an_answer_is_remembered_until_the_host_changes(data: Path, tmp_path: Path) -> None:
    assert accelerator.read() is None
    accelerator.write("kvm", "the box booted in 2.0 s")
    assert accelerator.read() == "kvm"
    answer = accelerator.recall()
    assert answer is not None
    assert answer.reason == "the box booted in 2.0 s"
    fake_qemu(tmp_path, "exit 0")
    assert accelerator.read() is None, "another QEMU was taken for the one that was tried"


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"accelerator": "warp", "reason": "", "host": ""}']
)
def test_a_spoilt_file_is_no_answer(data: Path, content: str) -> None:
    data.mkdir()
    (data / "accelerator.json").write_text(content)
    assert accelerator.read() is None


def test_only_known_names_are_written(data: Path) -> None:
    with pytest.raises(ValueError, match="warp"):
        accelerator.write("warp", "")
    assert not data.exists()


def test_no_half_written_file_is_left(data: Path) -> None:
    accelerator.write("tcg", "there is no /dev/kvm")
    assert [path.name for path in data.iterdir()] == ["accelerator.json"]
    assert json.loads((data / "accelerator.json").read_text())["accelerator"] == "tcg"


def test_without_a_device_it_is_software(data: Path, tmp_path: Path) -> None:
    answer = find_out(Host(root=tmp_path))
    assert answer is not None
    assert (answer.accelerator, answer.reason) == ("tcg", "there is no /dev/kvm")


def test_with_a_device_and_nothing_to_boot_there_is_no_answer(data: Path, tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/kvm").touch()
    assert find_payload(Host(root=tmp_path)) is None
    assert find_out(Host(root=tmp_path)) is None
    assert accelerator.read() is None


def test_the_box_is_tried_before_kernels_and_the_newest_kernel_first(
    data: Path, tmp_path: Path
) -> None:
    host = Host(root=tmp_path)
    (tmp_path / "boot").mkdir()
    for version in ("6.1.0-9", "6.1.0-49"):
        (tmp_path / f"boot/vmlinuz-{version}-amd64").touch()
    found = find_payload(host)
    assert found is not None
    assert not found.is_disk
    image = tmp_path / "vagrant/boxes/twindeck-VAGRANTSLASH-base/0/libvirt/box.img"
    image.parent.mkdir(parents=True)
    image.touch()
    assert find_payload(host) == Payload(image, is_disk=True)


def test_names_with_commas_stay_one_option() -> None:
    options = Payload(Path("/a,file=/etc/shadow"), is_disk=True).options
    assert options[-1] == "file=/a,,file=/etc/shadow,if=virtio,format=qcow2"


def try_with(folder: Path, script: str, seconds: float = 20.0) -> Trial:
    """A trial with an emulator that does so."""
    fake_qemu(folder, script)
    return boot(Host(root=folder), Payload(Path("/nosuch"), is_disk=False), seconds=seconds)


def test_a_guest_that_greets_has_booted_and_is_ended(data: Path, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    trial = try_with(tmp_path, f"echo $$ > {pid_file}; echo Welcome to Debian; exec sleep 100")
    assert trial.has_booted
    assert trial.seconds < 15
    assert not Path(f"/proc/{int(pid_file.read_text())}").exists()


def test_a_kernel_that_looks_for_its_disk_has_booted(data: Path, tmp_path: Path) -> None:
    words = "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)"
    assert try_with(tmp_path, f"echo '{words}'").has_booted


def test_an_emulator_that_gives_up_is_quoted(data: Path, tmp_path: Path) -> None:
    trial = try_with(
        tmp_path, "echo 'qemu-system-x86_64: error: failed to set MSR 0x10a' >&2; exit 134"
    )
    assert not trial.has_booted
    assert trial.reason == "QEMU ended at once: failed to set MSR 0x10a"


@pytest.mark.parametrize(
    ("script", "word"), [("exec sleep 100", "silent"), ("echo SeaBIOS; exec sleep 100", "not up")]
)
def test_a_guest_that_hangs_is_ended_in_time(
    data: Path, tmp_path: Path, script: str, word: str
) -> None:
    trial = try_with(tmp_path, script, seconds=0.5)
    assert not trial.has_booted
    assert trial.seconds < 10
    assert word in trial.reason


def test_a_trial_decides_and_is_not_repeated(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = Host(root=tmp_path)
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/kvm").touch()
    (tmp_path / "boot").mkdir()
    (tmp_path / "boot/vmlinuz-6").touch()
    count = tmp_path / "count"
    fake_qemu(tmp_path, f"echo >> {count}; echo Welcome to Debian")
    answers = [find_out(host), find_out(host), find_out(host, fresh=True)]
    assert {answer.accelerator for answer in answers if answer} == {"kvm"}
    assert len(count.read_text()) == 2
    fake_qemu(tmp_path, "exit 1")
    after = find_out(host)
    assert after is not None
    assert after.accelerator == "tcg"
    assert "no guest boots with it" in after.reason


def test_a_device_this_user_may_not_open_is_not_tried(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/kvm").touch()
    (tmp_path / "boot").mkdir()
    (tmp_path / "boot/vmlinuz-6").touch()
    fake_qemu(tmp_path, "echo Welcome to Debian")
    # Root opens everything: the kernel's answer for others is put in its place.
    monkeypatch.setattr(probe, "can_open", lambda device: False)
    assert find_out(Host(root=tmp_path, uid=1000)) is None
    assert stat.S_ISREG((tmp_path / "dev/kvm").stat().st_mode)
