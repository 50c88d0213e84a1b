"""A user's containers, volumes, networks and images, under every name ours could have."""

from __future__ import annotations

import json
import subprocess
from contextlib import ExitStack
from pathlib import Path

from tests.engine.bystanders import Bystander, Facts, digest, flat, output, process_facts
from tests.engine.container_kit import docker, until

_LAYER, _VOLUME = "/precious", "/anonymous/precious"
_MOVING = ("State", "RestartCount", "NetworkSettings")
"""Of a container that restarts for ever."""


class UsersContainers:
    """Makes them from the base image; all are removed when the stack ends."""

    def __init__(self, stack: ExitStack, folder: Path, image: str) -> None:
        self._stack = stack
        self._image = image
        self._text = folder / "precious"
        self._text.write_text("a photograph of the user's\n")
        self._text.chmod(0o640)
        self.made: list[Bystander] = []

    def container(self, name: str, state: str, *options: str) -> None:
        """One in that state: created, running, paused, stopped or restarting for ever.

        It has a file in its own layer and one in an anonymous volume.
        """
        ends = ("sh", "-c", "exit 3") if state == "restarting" else ("sleep", "86400")
        restart = ("--restart", "always") if state == "restarting" else ()
        create = ("create", "--init", "--name", name, "--volume", "/anonymous", *restart, *options)
        self._on_end("rm", "--force", "--volumes", name)
        docker(*create, self._image, *ends)
        for place in (_LAYER, _VOLUME):
            docker("cp", "--archive", str(self._text), f"{name}:{place}")
        if state != "created":
            docker("start", name)
        if state == "paused":
            docker("pause", name)
        if state == "stopped":
            docker("kill", name)
            until(lambda: _state(name) == "exited", 20)
        if state == "restarting":
            until(lambda: json.loads(docker("inspect", name))[0]["RestartCount"] > 1, 30)
        moving = _MOVING if state == "restarting" else ()
        self.made.append(Bystander("container", name, lambda: container_facts(name, moving)))

    def volume(self, name: str) -> None:
        """A named one with a file in it; the container that put it there stays, never started."""
        self._on_end("volume", "rm", "--force", name)
        holder = f"{name}-holder"
        self._on_end("rm", "--force", "--volumes", holder)
        docker("create", "--name", holder, "--volume", f"{name}:/data", self._image, "true")
        docker("cp", str(self._text), f"{holder}:/data/precious")

        def look() -> Facts:
            told = _inspect("volume", "inspect", name)
            return told and {
                **told,
                "content": digest(output("docker", "cp", f"{holder}:/data", "-")),
            }

        self.made.append(Bystander("volume", name, look))

    def network(self, name: str, *options: str) -> None:
        """A bridge of the user's."""
        self._on_end("network", "rm", name)
        docker("network", "create", *options, name)
        self.made.append(Bystander("network", name, lambda: _inspect("network", "inspect", name)))

    def image(self, tag: str) -> None:
        """An image of the user's own making."""
        self._on_end("rmi", tag)
        subprocess.run(
            ("docker", "build", "--network", "none", "--tag", tag, "-"),
            input=f"FROM {self._image}\nLABEL made-by=the-user name={tag}\n".encode(),
            env={"DOCKER_BUILDKIT": "0", "PATH": "/usr/local/bin:/usr/bin:/bin"},
            capture_output=True,
            timeout=120,
            check=True,
        )
        self.made.append(Bystander("image", tag, lambda: _inspect("image", "inspect", tag)))

    def _on_end(self, *words: str) -> None:
        """A removal that is tried even if the making failed half-way. Newest first."""
        self._stack.callback(_quietly, words)


def container_facts(name: str, moving: tuple[str, ...] = ()) -> Facts:
    """Inspection, changed files of the layer with their content, volumes and first process."""
    told = output("docker", "inspect", "--type", "container", name)
    if not told:
        return {}
    inspection = json.loads(told)[0]
    pid = 0 if moving else inspection["State"]["Pid"]
    files = {
        f"content of {place}": digest(output("docker", "cp", f"{name}:{place}", "-"))
        for place in (_LAYER, _VOLUME)
    }
    process = {f"process: {k}": v for k, v in process_facts(pid).items()} if pid else {}
    shown = {key: value for key, value in inspection.items() if key not in moving}
    changed = b"\n".join(sorted(output("docker", "diff", name).splitlines()))
    return {**flat(shown), **files, **process, "layer": digest(changed)}


def _inspect(*words: str) -> Facts:
    told = output("docker", *words)
    return flat(json.loads(told)[0]) if told else {}


def _state(name: str) -> str:
    return docker("inspect", "--format", "{{.State.Status}}", name)


def _quietly(words: tuple[str, ...]) -> None:
    output("docker", *words)
