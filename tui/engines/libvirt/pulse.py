"""A sign of life from libvirt: one long-lived virsh, a line of text and its answer for each."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

from tui.engines.libvirt.virsh import Patience, Virsh, VirshError, error_in
from tui.errors import EngineUnavailable
from tui.text import clean

_PATIENCE = Patience(answer_seconds=2.0, first_answer_seconds=2.0, rest_seconds=0.0)
_QUESTION = "hostname"
"""The daemon is asked, and has next to nothing to do for it."""


class Pulse:
    """Of the daemon at one URI. A process for the session, none for a question."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._virsh = Virsh(uri, patience=_PATIENCE)
        self._lock = Lock()

    def feel(self) -> None:
        """Raises EngineUnavailable when nothing comes back within two seconds."""
        with self._lock:
            try:
                reason = error_in(self._virsh.ask([_QUESTION])[0])
                if reason:
                    # A daemon that was started anew has cut the old connection.
                    self._virsh.close()
                    reason = error_in(self._virsh.ask([_QUESTION])[0])
            except VirshError as error:
                reason = str(error)
        if reason:
            raise EngineUnavailable(
                f"libvirt at {self._uri}: {clean(reason)}", "journalctl -u libvirtd tells why"
            )

    def close(self) -> None:
        """End the child."""
        with self._lock:
            self._virsh.close()


class Pulses:
    """Of the daemons at several URIs. One thread uses it."""

    def __init__(self) -> None:
        self._each: dict[str, Pulse] = {}

    def feel(self, uris: Sequence[str]) -> None:
        """Raises EngineUnavailable for the first that is silent."""
        for gone in [uri for uri in self._each if uri not in uris]:
            self._each.pop(gone).close()
        for uri in uris:
            self._each.setdefault(uri, Pulse(uri)).feel()
