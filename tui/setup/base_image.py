"""Gets a container base image: from the registry, else built from the distribution's packages."""

from __future__ import annotations

from collections.abc import Sequence

from tui.engines.docker.endpoint import resolve
from tui.errors import ActionFailed, EngineUnavailable
from tui.setup import packages
from tui.setup.host import Host, Say
from tui.setup.needs import BUILT_IMAGE, joined

SUITE = "bookworm"
BUILT_LABEL = "twindeck.base"
"""On the image that setup built."""
PULL_SECONDS = 120
_BUILDERS = {"mmdebstrap": "mmdebstrap"}
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def on_engine(host: Host, *words: str, limit: Sequence[str] = ()) -> list[str]:
    """`docker WORDS` on the engine that is meant. Raises EngineUnavailable when that is not clear.

    The default one is asked as root, whose word does not hang on groups; root knows nothing of
    the contexts and the variables of a user, so any other is asked as the user.
    """
    argv = (*limit, "docker", *words)
    return host.as_root(*argv) if resolve(host.env).is_default else list(argv)


def has_image(host: Host, name: str) -> bool:
    """Whether the engine that is meant has it."""
    try:
        return host.run(*on_engine(host, "image", "inspect", name)).code == 0
    except EngineUnavailable:
        return False


def get_image(host: Host, names: Sequence[str], say: Say) -> None:
    """Get the first of the names that can be had. Raises ActionFailed, OSError."""
    for name in names:
        if name == BUILT_IMAGE:
            build_image(host, say)
            return
        try:
            limit = ("timeout", "--kill-after=5", str(PULL_SECONDS))
            host.stream(on_engine(host, "pull", "--", name, limit=limit), say)
        except ActionFailed as error:
            say(f"{name} cannot be pulled: {error}")
        else:
            return
    raise ActionFailed(f"none of {joined(names)} can be pulled", f"docker pull {names[0]}")


def build_image(host: Host, say: Say) -> None:
    """Build a minimal Debian and hand it to the engine. Raises ActionFailed, OSError."""
    wanted = [package for command, package in _BUILDERS.items() if host.which(command) is None]
    if not host.path(_KEYRING).exists():
        wanted.append("debian-archive-keyring")
    if wanted:
        packages.install(host, wanted, say)
    host.work_folder.mkdir(parents=True, exist_ok=True)
    archive = host.work_folder / "base.tar"
    if not archive.exists():
        part = archive.with_name("base.tar.part")
        part.unlink(missing_ok=True)
        # /tmp is often mounted without devices, which a system being installed needs.
        build = ("env", "TMPDIR=/var/tmp", "mmdebstrap", "--variant=minbase", "--format=tar")
        host.stream(host.as_root(*build, SUITE, str(part)), say)
        part.rename(archive)
    # A build takes minutes: what somebody gave that name meanwhile keeps it.
    if has_image(host, BUILT_IMAGE):
        say(f"{BUILT_IMAGE} is there already; it is left as it is")
    else:
        changes = ("--change", 'CMD ["bash"]', "--change", f"LABEL {BUILT_LABEL}={SUITE}")
        command = ("import", *changes, str(archive), BUILT_IMAGE)
        host.stream(on_engine(host, *command), say)
    archive.unlink()
