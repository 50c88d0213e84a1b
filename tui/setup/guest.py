"""What is in the box `twindeck/base`: its packages and the few files that differ from Debian's.

Everything here makes the first boot short, above all under software emulation: a small initramfs,
no timers, no host keys of the slow kinds, a DHCP client that asks often.
"""

from __future__ import annotations

from pathlib import Path

GUEST_PACKAGES = (
    "linux-image-cloud-amd64",
    "systemd-sysv",
    "udev",
    "openssh-server",
    "sudo",
    "ifupdown",
    "udhcpc",
    "iproute2",
    "ca-certificates",
    "lz4",
    "rsync",
)

INSECURE_KEY = (
    "ssh-rsa AAAAB3NzaC1yc2EAAAABIwAAAQEA6NF8iallvQVp22WDkTkyrtvp9eWW6A8YVr+kz4TjGYe7gHzIw+niNltG"
    "EFHzD8+v1I2YJ6oXevct1YeS0o9HZyN1Q9qgCgzUFtdOKLv6IedplqoPkcmF0aYet2PkEDo3MlTBckFXPITAMzF8dJSI"
    "Fo9D8HfdOV0IAdx4O7PtixWKn5y2hMNG0zQPyUecp4pzC6kivAIhyfHilFR61RGL+GPXQ2MWZWFYbAGjyiYJnAmCP3NO"
    "Td0jMZEnDkbUvxhMmBYSdETk1rRgm+R4LOzFUGaHqHDLKLX+FIPKcF96hrucXzcWyLbIbEgE98OHlnVYCzRdK8jlqm8t"
    "ehUc9c9WhQ== vagrant insecure public key"
)
"""Vagrant's published key, which every box accepts."""

_FILES = {
    # Only what boots this disk: a quarter of the size to load and unpack.
    "etc/initramfs-tools/conf.d/twindeck": "MODULES=list\nCOMPRESS=lz4\nRUNSIZE=10%\n",
    "etc/initramfs-tools/modules": "virtio_pci\nvirtio_blk\nvirtio_scsi\nsd_mod\next4\n",
    "etc/hostname": "twindeck\n",
    "etc/hosts": "127.0.0.1 localhost twindeck\n::1 localhost\n",
    "etc/fstab": "LABEL=twindeck / ext4 noatime,errors=remount-ro 0 0\n",
    "etc/network/interfaces": (
        # Hotplug: nothing waits for the other devices. One discover a second: the first is often
        # lost while the host's bridge comes up.
        "auto lo\niface lo inet loopback\n\nallow-hotplug eth0\niface eth0 inet manual\n"
        "    up udhcpc -b -t 30 -T 1 -S -p /run/udhcpc.eth0.pid -i eth0\n"
        "    down kill $(cat /run/udhcpc.eth0.pid) || true\n\n"
        "source /etc/network/interfaces.d/*\n"
    ),
    "etc/ssh/sshd_config.d/twindeck.conf": (
        "HostKey /etc/ssh/ssh_host_ed25519_key\nHostKey /etc/ssh/ssh_host_ecdsa_key\n"
        "UseDNS no\nGSSAPIAuthentication no\nPasswordAuthentication no\n"
    ),
    "etc/systemd/system/ssh.service.d/twindeck.conf": (
        # Host keys belong to one machine, not to the box; only the kinds that cost no time.
        "[Service]\nExecStartPre=\nExecStartPre=/usr/local/sbin/host-keys\n"
    ),
    "usr/local/sbin/host-keys": (
        "#!/bin/sh -e\n"
        "for kind in ed25519 ecdsa; do\n"
        "  key=/etc/ssh/ssh_host_${kind}_key\n"
        "  test -s $key || ssh-keygen -q -N '' -t $kind -f $key\n"
        "done\nmkdir -p /run/sshd\n"
    ),
    "etc/sudoers.d/vagrant": "vagrant ALL=(ALL) NOPASSWD: ALL\n",
    "etc/systemd/journald.conf.d/twindeck.conf": "[Journal]\nStorage=volatile\n",
    "etc/apt/apt.conf.d/90twindeck": (
        'APT::Install-Recommends "false";\nAcquire::Languages "none";\n'
        'Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";\n'
    ),
}

_SETUP = """\
useradd --create-home --shell /bin/bash vagrant
passwd --delete root >/dev/null
mkdir -p -m 700 /home/vagrant/.ssh
mv /authorized_keys /home/vagrant/.ssh/authorized_keys
chmod 600 /home/vagrant/.ssh/authorized_keys
chown -R vagrant:vagrant /home/vagrant
chmod 755 /usr/local/sbin/host-keys
chmod 440 /etc/sudoers.d/vagrant
rm -f /etc/ssh/ssh_host_* /etc/machine-id
touch /etc/machine-id
# What the build itself put in to keep daemons from starting.
rm -f /usr/sbin/policy-rc.d /etc/apt/apt.conf.d/99mmdebstrap /etc/dpkg/dpkg.cfg.d/99mmdebstrap
mv /sbin/start-stop-daemon.REAL /sbin/start-stop-daemon
rm -f /etc/resolv.conf
systemctl mask --quiet apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \\
  e2scrub_all.timer e2scrub_reap.service fstrim.timer systemd-pcrphase.service \\
  systemd-pcrphase-sysinit.service systemd-timesyncd.service systemd-update-utmp.service \\
  systemd-update-utmp-runlevel.service getty@tty1.service getty-static.service \\
  ifupdown-pre.service systemd-rfkill.service \\
  sys-kernel-debug.mount sys-kernel-tracing.mount dev-hugepages.mount dev-mqueue.mount \\
  sys-fs-fuse-connections.mount sys-kernel-config.mount modprobe@.service \\
  systemd-tmpfiles-clean.timer systemd-pstore.service
# The package lists stay: the provisioner's `apt-get update` then fetches only what changed.
systemctl set-default --quiet multi-user.target
apt-get clean
"""


def write_guest_files(overlay: Path) -> str:
    """Write the guest's files under `overlay`; returns the script to run in its root."""
    for name, content in _FILES.items():
        path = overlay / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="ascii")
    (overlay / "authorized_keys").write_text(INSECURE_KEY + "\n", encoding="ascii")
    script = "twindeck-setup.sh"
    (overlay / script).write_text(_SETUP, encoding="ascii")
    return script
