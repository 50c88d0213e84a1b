"""More VMs of a workload: linked clones of the lab's own, made and removed through libvirt."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from uuid import uuid4
from xml.etree import ElementTree

from tui.errors import ActionFailed
from tui.lab.estate import put_mark
from tui.lab.instrument import Rig
from tui.results import Arm

_ADDRESS_SECONDS = 240.0
_LOOK_SECONDS = 0.5


class MachineClones:
    """Clones stand on the lab VM's disk, which must be shut down while they are there."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._libvirt = rig.libvirt()
        uuid = str(rig.instance(Arm.VM).id)
        self._domain = ElementTree.fromstring(self._libvirt.xml(uuid, is_inactive=True))
        self._name = self._domain.findtext("name", "")
        self._made: list[tuple[str, Path]] = []

    def start(self) -> str:
        """Its address on the bridge, once it has one. Raises ActionFailed, Cancelled."""
        number = len(self._made) + 2
        name, uuid = f"{self._name}-{number}", str(uuid4())
        disk = self._disk_of(name)
        if disk.exists():
            raise ActionFailed(f"{disk} exists already, so no copy of the VM is made there")
        base = self._source().get("file", "")
        create = ("qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", base, str(disk))
        self._made.append((uuid, disk))
        self._rig.run(Arm.HOST, create)
        mac = "52:54:00:" + ":".join(uuid4().hex[n : n + 2] for n in (0, 2, 4))
        file = self._rig.folder() / f"{name}.xml"
        file.write_text(self._definition(name, uuid, disk, mac), encoding="utf-8")
        self._libvirt.define(file)
        self._libvirt.start(uuid)
        return self._address(name, mac)

    def remove(self) -> None:
        """All of them, whether the run goes on or was cancelled."""
        for uuid, disk in self._made:
            # One that is gone, or never came to be, is fine.
            for act in (self._libvirt.power_off, self._libvirt.undefine):
                with suppress(ActionFailed):
                    act(uuid)
            disk.unlink(missing_ok=True)
        self._made.clear()

    def _source(self) -> ElementTree.Element:
        source = self._domain.find("devices/disk[@device='disk']/source")
        if source is None or not source.get("file"):
            raise ActionFailed("the VM has no disk that is a file, so it cannot be cloned")
        return source

    def _disk_of(self, name: str) -> Path:
        return Path(self._source().get("file", "")).with_name(f"{name}.img")

    def _definition(self, name: str, uuid: str, disk: Path, mac: str) -> str:
        domain = ElementTree.fromstring(ElementTree.tostring(self._domain))
        put_mark(domain, self._rig.run_id)
        for tag, text in (("name", name), ("uuid", uuid)):
            found = domain.find(tag)
            assert found is not None  # libvirt writes both
            found.text = text
        # Firmware variables are a file of the original's own, removed with whoever names it.
        system = domain.find("os")
        for nvram in domain.findall("os/nvram"):
            assert system is not None  # it was found in there
            system.remove(nvram)
        devices = domain.find("devices")
        assert devices is not None  # libvirt writes it
        for kind in ("serial", "console"):
            for element in devices.findall(kind):
                devices.remove(element)
        source = devices.find("disk[@device='disk']/source")
        assert source is not None  # looked at before
        source.set("file", str(disk))
        for interface in devices.findall("interface"):
            for element in interface.findall("mac"):
                interface.remove(element)
            ElementTree.SubElement(interface, "mac", {"address": mac})
        return ElementTree.tostring(domain, encoding="unicode")

    def _address(self, name: str, mac: str) -> str:
        deadline = time.monotonic() + _ADDRESS_SECONDS
        while time.monotonic() < deadline:
            if address := self._libvirt.address(name, mac):
                return address
            self._rig.sleep(_LOOK_SECONDS)
        raise ActionFailed(f"{name} got no address")
