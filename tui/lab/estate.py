"""What a run of the lab made on the engines: found by its mark, looked at once more, removed.

Nothing is the lab's because of its name. A container, an image and a volume carry the run's label;
a label is passed on to whatever a user makes of the lab's image, so a container must be written
down in the run's folder too, or have the very name the run gives. A domain is the run's when its
definition holds the run's mark, or says that it came from the run's own folder, as vagrant-libvirt
writes into all it makes. All are then acted on by the id their engine gave them, which nobody gets
again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar
from xml.etree import ElementTree

from tui.engines.libvirt.connections import Connections
from tui.errors import ActionFailed, EngineUnavailable, TwindeckError
from tui.lab.owner import CONTAINER, DOMAIN, RUN_LABEL, RunFolder
from tui.model import Instance, SideName
from tui.sides.docker_link import Link
from tui.sides.docker_rows import name_of
from tui.sides.libvirt import Domain, Libvirt
from tui.sides.machine_actions import belongs

MARK = "https://twindeck.invalid/lab"
"""Namespace of the mark in a domain's metadata: `<lab:run xmlns:lab="…" id="…"/>`."""

_Found = TypeVar("_Found")


class Estate:
    """One run's things on this host's engines. Methods raise EngineUnavailable."""

    def __init__(self, own: RunFolder, link: Link, libvirt: Connections) -> None:
        self._own = own
        self._link = link
        self._libvirt = libvirt

    def names(self) -> list[str]:
        """What there is, as people read it."""
        found = [f"container {name_of(entry)}" for entry in self.containers()]
        found += [f"VM {domain.name}" for domain in self.domains()]
        found += [f"image {tag}" for tag in self._tags()]
        return [*found, f"folder {self._own.root}"]

    def containers(self) -> Sequence[Mapping[str, Any]]:
        """List entries of the run's containers."""
        with self._link.translating("list the lab's containers"):
            entries = self._link.look().containers(all=True, filters=self._labelled())
        return [entry for entry in entries if self._is_own(entry)]

    def domains(self) -> list[Domain]:
        """The run's domains: its VM and the copies of it."""
        # All of them have the run's id in their name; what has not need not be looked at.
        return [d for d in self._domains() if self._own.run in d.name and self.is_own(d)]

    def at(self, uuid: str) -> Libvirt:
        """The connection that has that domain. Raises ActionFailed when none has."""
        domain = self._domain(uuid)
        if domain is None:
            raise ActionFailed(f"no libvirt connection has the VM {uuid} any more")
        return self._libvirt.at(domain.uri)

    def is_own(self, domain: Domain) -> bool:
        """Whether that domain is the run's, by its definition as it is now."""
        try:
            xml = self._libvirt.at(domain.uri).xml(domain.uuid, is_inactive=True)
        except ActionFailed:
            return False
        definition = ElementTree.fromstring(xml)
        mark = definition.find(f"metadata/{{{MARK}}}run")
        if mark is not None:
            return mark.get("id") == self._own.run
        return definition.findtext("description", "").startswith(f"Source: {self._own.root}/")

    def check(self, instance: Instance) -> None:
        """Raises ActionFailed for what is there and was not made by the run."""
        if instance.id is None:
            return
        is_own = self._has_made(instance, instance.id)
        if not is_own and not self._is_gone(instance, instance.id):
            raise ActionFailed(
                f"{instance.key} was not made by this comparison, so it is left alone",
                f"twindeck inspect {instance.key}",
            )
        if is_own and _is_domain(instance) and not self._own.has(DOMAIN, instance.id):
            self._own.record(DOMAIN, instance.id)
            self.at(instance.id).mark(instance.id, MARK, f'<run id="{self._own.run}"/>')

    def remove_containers(self) -> None:
        """All of them, with the volumes that are theirs. Raises ActionFailed."""
        for entry in self._unless_absent(self.containers):
            with self._link.translating(f"remove {name_of(entry)}"):
                self._link.act().remove_container(entry["Id"], v=True, force=True)

    def remove_domains(self, but: str | None = None) -> None:
        """All of them, with the disks that are theirs, `but` the one of that id."""
        for domain in self.domains():
            if domain.uuid != but:
                self.remove_domain(domain)

    def remove_domain(self, domain: Domain) -> None:
        """Power off, undefine, delete its own disks; looked at once more before that."""
        if not self.is_own(domain):
            return
        libvirt = self._libvirt.at(domain.uri)
        disks = libvirt.definition(domain.uuid).disks
        for act in (libvirt.power_off, libvirt.undefine):
            with suppress(ActionFailed):
                act(domain.uuid)
        for disk in disks:
            if belongs(disk, domain.name):
                _delete_disk(libvirt, disk)

    def remove_images(self) -> None:
        """The run's image by the names the run gave it, and what volumes are still marked."""
        for tag in self._unless_absent(self._tags):
            with self._link.translating(f"remove the lab's image {tag}"):
                self._link.act().remove_image(tag)
        for name in self._unless_absent(self._volumes):
            with self._link.translating(f"remove the lab's volume {name}"):
                self._link.act().remove_volume(name)

    def _domains(self) -> Iterable[Domain]:
        return self._libvirt.listing().domains.values() if self._libvirt.is_installed else ()

    def _domain(self, uuid: str) -> Domain | None:
        return next((domain for domain in self._domains() if domain.uuid == uuid), None)

    def _has_made(self, instance: Instance, engine_id: str) -> bool:
        if instance.side is SideName.CONTAINER:
            return self._own.has(CONTAINER, engine_id)
        if not _is_domain(instance):
            # What another provider runs is known by the id in the run's own folder alone.
            return True
        domain = self._domain(engine_id)
        return domain is not None and self.is_own(domain)

    def _is_gone(self, instance: Instance, engine_id: str) -> bool:
        """A killed run's vagrant may still be clearing up: what is gone is nobody else's."""
        return _is_domain(instance) and self._domain(engine_id) is None

    def _tags(self) -> list[str]:
        with self._link.translating("list the lab's images"):
            images = self._link.look().images(filters=self._labelled())
        tags = [tag for image in images for tag in image.get("RepoTags") or ()]
        return [tag for tag in tags if tag.startswith(f"twindeck/{self._own.workload}")]

    def _volumes(self) -> list[str]:
        with self._link.translating("list the lab's volumes"):
            volumes = self._link.look().volumes(filters=self._labelled())
        return [str(volume["Name"]) for volume in volumes.get("Volumes") or ()]

    def _labelled(self) -> dict[str, Any]:
        return {"label": f"{RUN_LABEL}={self._own.run}"}

    def _is_own(self, entry: Mapping[str, Any]) -> bool:
        name = name_of(entry)
        is_named = name == self._own.workload or name.startswith(f"{self._own.workload}-")
        return is_named or self._own.has(CONTAINER, str(entry["Id"]))

    def _unless_absent(self, ask: Callable[[], Sequence[_Found]]) -> Sequence[_Found]:
        """Its answer; nothing where there was no engine to make anything in."""
        try:
            return ask()
        except EngineUnavailable:
            if self._own.engine is None:
                return ()
            raise


def _is_domain(instance: Instance) -> bool:
    return instance.side is SideName.VM and instance.provider == "libvirt"


def _delete_disk(libvirt: Libvirt, disk: str) -> None:
    try:
        libvirt.delete_volume(disk)
    except ActionFailed:
        # Copies' disks are made beside the pool's, which does not know of them.
        with suppress(OSError):
            Path(disk).unlink()


def put_mark(domain: ElementTree.Element, run: str) -> None:
    """Mark the definition of a domain as that run's, and as nobody else's."""
    for tag in ("description", "metadata"):
        for element in domain.findall(tag):
            domain.remove(element)
    metadata = ElementTree.SubElement(domain, "metadata")
    ElementTree.SubElement(metadata, f"{{{MARK}}}run", {"id": run})


def engine_id(link: Link) -> str | None:
    """The Docker Engine's own id; None without an engine, or where each look gives another."""
    # Podman's answer to Docker's API is a new one each time.
    try:
        with link.translating("tell its id"):
            ids = {str(link.look().info().get("ID") or "") for _ in range(2)}
    except TwindeckError:
        return None
    return ids.pop() or None if len(ids) == 1 else None
