"""Files of runs that are wrong, each in one way; the right one they are made of beside them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from tests.hostile import EVIL, MARKUP
from tests.studies import study, taken
from tui.lab.exchange import dump
from tui.results import Arm, RunEvent

Whole = dict[str, Any]
Damage = Callable[[Whole], None]

WRONG_KINDS: tuple[object, ...] = (None, True, 7, -1, 1.5, "text", "", [], [1], {}, {"a": 1})
"""A value of every type JSON has."""
HUGE: tuple[object, ...] = (10**400, -(10**400), 1e308, -1e308, 5e-324, 2**63)


def right() -> Whole:
    """Two runs with figures, facts, failures, parts and events."""
    one = study(
        Path("/tmp"),
        taken("boot.warm", Arm.VM, 26.0, 27.5, parts={"boot": 20.0}, noise=("steal 3 %",)),
        taken("boot.warm", Arm.CONTAINER, 0.4, 0.5),
        taken("isolation.kernel", Arm.HOST, text="6.1.0", note="by uname"),
        taken("disk.randread", Arm.VM, error="fio: not found"),
        events=(RunEvent(1_769_851_801.5, "begun"),),
        finished_at=1_769_852_400.0,
    )
    whole: Whole = json.loads(dump([one, one]))
    whole["runs"][1]["run"]["id"] = "nginx-20260201-093000"
    return whole


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where each value of a whole file stands; of lists the first entry stands for all."""
    yield path
    if isinstance(value, dict):
        for key, one in value.items():
            yield from places(one, (*path, key))
    elif isinstance(value, list) and value:
        yield from places(value[0], (*path, 0))


def put(whole: Whole, path: tuple[Any, ...], value: object) -> Any:
    """The file with that value in that place."""
    if not path:
        return value
    changed = deepcopy(whole)
    holder = changed
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return changed


def without(whole: Whole, path: tuple[Any, ...]) -> Whole:
    """The file without that key or entry."""
    changed = deepcopy(whole)
    holder: Any = changed
    for step in path[:-1]:
        holder = holder[step]
    del holder[path[-1]]
    return changed


def _named(path: tuple[Any, ...]) -> str:
    return ".".join(str(step) for step in path) or "whole"


def structured() -> Iterator[tuple[str, bytes]]:
    """Every place with a value of every type, with numbers out of all bounds, and missing."""
    whole = right()
    for path in places(whole):
        for value in (*WRONG_KINDS, *HUGE):
            changed = put(whole, path, value)
            yield f"{_named(path)}={str(value)[:12]!r}", json.dumps(changed).encode()
        if path:
            yield f"{_named(path)} missing", json.dumps(without(whole, path)).encode()


def worded() -> Iterator[tuple[str, bytes]]:
    """Every text hostile, one at a time."""
    whole = right()
    words = (EVIL, MARKUP, "\ud800", "../../etc/passwd", "a/b", "=1+1", "\0", "x" * 100_000, "-rf")
    for path in places(whole):
        before: Any = whole
        for step in path:
            before = before[step]
        if isinstance(before, str):
            for word in words:
                yield f"{_named(path)}={word[:8]!r}", json.dumps(put(whole, path, word)).encode()


def raw() -> Iterator[tuple[str, bytes]]:
    """What is no such file at all, or only nearly."""
    good = json.dumps(right())
    head = '{"kind": "twindeck-runs", "version": 1, "runs": '
    yield "empty", b""
    yield "blank", b" \n"
    yield "binary", bytes(range(256)) * 40
    yield "not UTF-8", good.replace("nginx", "ngi\udcffnx").encode(errors="surrogateescape")
    yield "UTF-16", good.encode("utf-16")
    yield "cut short", good[: len(good) // 2].encode()
    yield "twice", (good + good).encode()
    yield "more behind", (good + " x").encode()
    yield "NaN", good.replace("26.0", "NaN").encode()
    yield "infinite", good.replace("26.0", "-Infinity").encode()
    yield "1e999", good.replace("26.0", "1e999").encode()
    yield "nested lists", b"[" * 100_000
    yield "nested runs", head.encode() + b"[" * 100_000
    yield "nested tables", head.encode() + b'[{"run":' * 50_000
    yield "nested beside", (head + '[], "x": ' + "[" * 200_000 + "]" * 200_000 + "}").encode()
    yield "other kind", good.replace("twindeck-runs", "other").encode()
    yield "newer", good.replace('"version": 1,', '"version": 99,').encode()
    yield "many runs", (head + "[" + ",".join(["{}"] * 5000) + "]}").encode()
    yield "same id twice", good.replace("nginx-20260201-093000", "nginx-20260131-093000").encode()
    yield "unknown keys", good.replace('"seed"', '"sead": {"a": [1]}, "seed"').encode()
    yield "same key twice", good.replace('"seed"', '"state": "dancing", "seed"').encode()
    yield "many metrics", _many("metrics", 20_000)
    yield "many events", _many("events", 20_000)
    yield "many parts", _many_parts(20_000)


def _many(key: str, count: int) -> bytes:
    whole = right()
    entries = whole["runs"][0]["run"][key]
    whole["runs"][0]["run"][key] = entries[:1] * count
    return json.dumps(whole).encode()


def _many_parts(count: int) -> bytes:
    whole = right()
    whole["runs"][0]["measurements"][0]["parts"] = {str(n): 1.0 for n in range(count)}
    return json.dumps(whole).encode()


def all_wrong() -> list[tuple[str, bytes]]:
    """Some thousand of them, each named for what is wrong."""
    return [*raw(), *structured(), *worded()]
