"""What a snapshot may be called."""

from __future__ import annotations

from tui.errors import UsageError

# vagrant-libvirt writes the name into XML as it is.
_REFUSED = frozenset("/\\<>&")
_MOST_BYTES = 200
"""libvirt keeps each in a file of that name with an ending."""


def check_name(name: str) -> str:
    """The name. Raises UsageError for one that a file or a command line could take for more.

    libvirt and VirtualBox both keep snapshots in files that are named after them.
    """
    if not name.strip():
        raise UsageError("a snapshot needs a name")
    is_plain = name.isprintable() and _REFUSED.isdisjoint(name) and name == name.strip()
    if not is_plain or name.startswith(("-", ".")):
        raise UsageError(
            f"a snapshot cannot be called {name!r}",
            "take letters, digits, `.`, `-` and `_`, not `-` or `.` first",
        )
    if len(name.encode("utf-8", "surrogatepass")) > _MOST_BYTES:
        raise UsageError(f"a snapshot's name has {_MOST_BYTES} bytes at most")
    return name
