"""What the engine answers, fitted to the shape it documents: one strange entry hides no other.

A part of another type, or out of its range, is left out as if the engine had not told it. Whatever
is not named in a shape stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_LONGEST = 4096
"""Characters of a name, a state or a label that is of use."""
_PORT = range(0x10000)
_LAST_SECOND = 253_402_214_400
_SECOND = range(_LAST_SECOND)
_PID = range(2**31)
_CODE = range(-(2**31), 2**32)
_COUNT = range(2**63)

_ENTRY: Mapping[str, Any] = {
    "Id": str,
    "Names": [str],
    "Image": str,
    "State": str,
    "Status": str,
    "Created": _SECOND,
    "Labels": {str: str},
    "Ports": [{"IP": str, "PrivatePort": _PORT, "PublicPort": _PORT, "Type": str}],
}
_INSPECTION: Mapping[str, Any] = {
    "Id": str,
    "RestartCount": _COUNT,
    "HostConfig": {"Memory": _COUNT},
    "State": {
        "Status": str,
        "Pid": _PID,
        "StartedAt": str,
        "OOMKilled": bool,
        "Health": {"Status": str, "Log": [{"ExitCode": _CODE, "Output": str}]},
    },
}
_MISSING = object()


def checked_entries(answer: object) -> list[Mapping[str, Any]]:
    """Entries of the list of containers; those without an id are none."""
    found = (_fitted(entry, _ENTRY) for entry in (answer if isinstance(answer, list) else ()))
    return [entry for entry in found if entry is not _MISSING and entry.get("Id")]


def checked_inspection(answer: object) -> Mapping[str, Any]:
    """An inspection; empty when it is none."""
    found = _fitted(answer, _INSPECTION)
    return {} if found is _MISSING else found


def _fitted(value: object, shape: Any) -> Any:
    """The value without what does not fit; `_MISSING` when nothing of it does."""
    if isinstance(shape, range):
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        return value if is_whole and value in shape else _MISSING
    if shape is str:
        return value if isinstance(value, str) and len(value) <= _LONGEST else _MISSING
    if isinstance(shape, list):
        if not isinstance(value, list):
            return _MISSING
        return [one for each in value if (one := _fitted(each, shape[0])) is not _MISSING]
    if isinstance(shape, Mapping):
        return _fitted_table(value, shape)
    return value if isinstance(value, shape) else _MISSING


def _fitted_table(value: object, shape: Mapping[Any, Any]) -> Any:
    if not isinstance(value, dict):
        return _MISSING
    if str in shape:
        pairs = ((key, _fitted(one, shape[str])) for key, one in value.items())
    else:
        pairs = ((k, _fitted(one, shape[k]) if k in shape else one) for k, one in value.items())
    return {key: one for key, one in pairs if one is not _MISSING}
