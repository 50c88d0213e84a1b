"""Builds the Vagrant box `twindeck/base` from the distribution's own packages.

The public catalogue of boxes closes, so setup builds one before it asks there. Two resumable steps,
each written under a temporary name and renamed when it is whole: a bootable Debian disk
(mmdebstrap; mke2fs fills the partition; boot sector and GRUB core go into the gap before it;
nothing is mounted) and the box (qcow2 in a tar).
"""

from __future__ import annotations

import json
import shutil
import struct
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

from tui.errors import ActionFailed
from tui.setup.guest import GUEST_PACKAGES, write_guest_files
from tui.setup.host import Host, Say
from tui.sides.vagrant_index import box_folder, vagrant_home

BOX_NAME = "twindeck/base"
BUILD_COMMANDS = ("mmdebstrap", "mke2fs", "grub-mkimage", "qemu-img", "vagrant")
BUILD_PACKAGES = ("mmdebstrap", "e2fsprogs", "grub-common", "grub-pc-bin", "qemu-utils", "vagrant")
"""Debian and Ubuntu packages that hold `BUILD_COMMANDS` and GRUB's BIOS images."""

SUITE = "bookworm"
DISK_GIB = 6
SECTOR_BYTES = 512
PARTITION_SECTOR = 2048
"""The partition begins at 1 MiB; the boot loader lives in the gap before it."""
GRUB_IMAGES = "/usr/lib/grub/i386-pc"
KERNEL_LINE = (
    "linux (hd0,msdos1)/vmlinuz root=/dev/vda1 ro console=ttyS0 net.ifnames=0 quiet "
    "loglevel=3 systemd.show_status=1"
)


def box_present(names: Sequence[str] = (BOX_NAME,)) -> bool:
    """Whether one of the boxes is installed, for any provider; reads the disk only."""
    for name in names:
        folder = box_folder(vagrant_home(), name)
        # boxes/NAME/VERSION/PROVIDER/metadata.json; newer Vagrants put an architecture between.
        if any(folder.glob("*/*/metadata.json")) or any(folder.glob("*/*/*/metadata.json")):
            return True
    return False


def build_box(host: Host, work_dir: Path, say: Say) -> Path:
    """Build the box under `work_dir` and return its path; finished steps are not repeated.

    Raises ActionFailed with the tool's last words.
    """
    if missing := host.missing(BUILD_COMMANDS):
        packages = " ".join(BUILD_PACKAGES)
        raise ActionFailed(
            f"cannot build the box {BOX_NAME}: {', '.join(missing)} not found",
            f"sudo apt-get install --no-install-recommends {packages}",
        )
    work_dir.mkdir(parents=True, exist_ok=True)
    box = work_dir / "twindeck-base.box"
    if box.exists():
        say(f"box already built: {box}")
        return box
    disk = _once(work_dir / "disk.raw", lambda part: _build_disk(host, part, say))
    _once(box, lambda part: _build_archive(host, disk, part, say))
    disk.unlink()
    say(f"box built: {box} ({box.stat().st_size >> 20} MiB)")
    return box


def add_box(host: Host, box: Path, say: Say) -> None:
    """Install the box for this user, unless there is one of its name. Raises ActionFailed."""
    if box_present():
        say(f"{BOX_NAME} is there already; it is left as it is")
        return
    say(f"adding {BOX_NAME} to Vagrant's boxes")
    # Never --force: it would take the place of what somebody added meanwhile.
    add = ["vagrant", "box", "add", "--no-tty", "--provider", "libvirt"]
    host.stream([*add, "--name", BOX_NAME, str(box)], say)
    if not box_present():
        raise ActionFailed(
            f"vagrant said it added {BOX_NAME}, but {vagrant_home()} does not have it",
            "vagrant box list",
        )


def _once(target: Path, build: Callable[[Path], None]) -> Path:
    """Build `target` under a temporary name unless a former run finished it."""
    if not target.exists():
        part = target.with_name(target.name + ".part")
        part.unlink(missing_ok=True)
        build(part)
        part.rename(target)
    return target


def _build_disk(host: Host, part: Path, say: Say) -> None:
    """A disk with a Debian minimal system on its one partition, bootable by BIOS."""
    partition_bytes = (DISK_GIB << 30) - PARTITION_SECTOR * SECTOR_BYTES
    with part.open("wb") as disk:
        disk.truncate(DISK_GIB << 30)
    _fill_partition(host, part, partition_bytes, say)
    _make_bootable(host, part, partition_bytes // SECTOR_BYTES, say)


def _fill_partition(host: Host, part: Path, partition_bytes: int, say: Say) -> None:
    """Install the packages and write them as an ext4 file system at the partition's offset."""
    say(f"building a Debian {SUITE} system from packages (about a minute)")
    overlay = part.with_name("guest")
    setup = write_guest_files(overlay)
    offset = PARTITION_SECTOR * SECTOR_BYTES
    # /proc and /sys are mounted in "$1" while hooks run: copy the one file system without them.
    mke2fs = (
        # Made by us or not at all: it lies where anybody may make one, and root removes it.
        'mkdir -m 700 "$1.tree" || exit 1; '
        'cp -ax "$1/." "$1.tree/" && '
        "mke2fs -q -F -t ext4 -O ^metadata_csum_seed,^orphan_file -L twindeck -m 0 "
        f'-E offset={offset} -d "$1.tree" "$TWINDECK_PART" {partition_bytes >> 10}k; '
        'code=$?; rm -rf "$1.tree"; exit $code'
    )
    argv = ["mmdebstrap", "--variant=minbase", "--format=null"]
    argv += [f"--include={','.join(GUEST_PACKAGES)}"]
    argv += [
        f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "man", "locale", "info")
    ]
    argv += [
        '--essential-hook=mkdir -p "$1/etc/initramfs-tools/conf.d"',
        '--essential-hook=cp -r "$TWINDECK_GUEST/etc/initramfs-tools" "$1/etc/"',
        '--customize-hook=cp -r --no-preserve=ownership "$TWINDECK_GUEST/." "$1/"',
        f'--customize-hook=chroot "$1" sh -eu /{setup}',
        f'--customize-hook=rm "$1/{setup}"',
        f"--customize-hook={mke2fs}",
        SUITE,
        "/dev/null",
    ]
    # A /tmp that allows no device nodes would spoil the system.
    given = ["TMPDIR=/var/tmp", f"TWINDECK_GUEST={overlay}", f"TWINDECK_PART={part}"]
    try:
        host.stream(host.as_root("env", *given, *argv), say)
    except ActionFailed as error:
        # What stands before it on that line, sudo and variables, leaves no room for its name.
        raise ActionFailed(f"mmdebstrap could not build {BOX_NAME}: {error}", error.fix) from error
    shutil.rmtree(overlay)


def _make_bootable(host: Host, part: Path, sectors: int, say: Say) -> None:
    """Write the boot sector with its partition table, and GRUB's core after it."""
    say("making the disk bootable")
    core = part.with_name("core.img")
    config = part.with_name("grub.cfg")
    config.write_text(f"{KERNEL_LINE}\ninitrd (hd0,msdos1)/initrd.img\nboot\n", encoding="ascii")
    modules = ["biosdisk", "part_msdos", "ext2", "linux", "boot"]
    host.stream(
        ["grub-mkimage", "-O", "i386-pc", "-p", "/", "-c", str(config), "-o", str(core), *modules],
        say,
    )
    loader = core.read_bytes()
    if len(loader) > (PARTITION_SECTOR - 1) * SECTOR_BYTES:
        raise ActionFailed("GRUB's core image does not fit before the partition")
    with part.open("r+b") as disk:
        disk.write(boot_sector(host.path(f"{GRUB_IMAGES}/boot.img").read_bytes(), sectors))
        disk.write(loader)
    core.unlink()
    config.unlink()


def boot_sector(boot_image: bytes, sectors: int) -> bytes:
    """GRUB's boot image with a partition table of one active Linux partition of `sectors`."""
    no_chs = b"\xfe\xff\xff"
    entry = struct.pack("<B3sB3sII", 0x80, no_chs, 0x83, no_chs, PARTITION_SECTOR, sectors)
    return boot_image[:446] + entry + bytes(48) + b"\x55\xaa"


def _build_archive(host: Host, disk: Path, part: Path, say: Say) -> None:
    """The box: compressed qcow2, metadata and a Vagrantfile in a tar."""
    say("compressing the disk")
    image = part.with_name("box.img")
    convert = ["qemu-img", "convert", "-c", "-m", "4", "-W", "-o", "compression_type=zstd"]
    host.stream([*convert, "-f", "raw", "-O", "qcow2", str(disk), str(image)], say)
    metadata = part.with_name("metadata.json")
    about = {"provider": "libvirt", "format": "qcow2", "virtual_size": DISK_GIB}
    metadata.write_text(json.dumps(about), encoding="ascii")
    vagrantfile = part.with_name("Vagrantfile.box")
    vagrantfile.write_text(
        # Naming the guest saves a dozen SSH commands that guess it: 15 s under emulation.
        "Vagrant.configure('2') do |config|\n  config.vm.guest = :debian\nend\n",
        encoding="ascii",
    )
    with tarfile.open(part, "w") as archive:
        archive.add(metadata, "metadata.json")
        archive.add(vagrantfile, "Vagrantfile")
        archive.add(image, "box.img")
    for done in (image, metadata, vagrantfile):
        done.unlink()
