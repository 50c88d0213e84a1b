"""The top line: what the host has left, and whether both engines answer."""

from __future__ import annotations

from rich.cells import cell_len
from textual import getters
from textual.content import Content

from tui.console import ConsoleApp
from tui.model import SideName
from tui.snapshot import Health, HostSample, Snapshot
from tui.text import clean
from tui.units import iec, percent
from tui.widgets.rows import Rows

_SLOW = "tcg"


class HostBar(Rows):
    """One line; wording gets shorter, never the figures."""

    app = getters.app(ConsoleApp)

    def on_mount(self) -> None:
        """Follow the snapshots."""
        self.watch(self.app, "snapshot", self._follow)

    def _follow(self) -> None:
        self.lay([self._words()])

    def on_resize(self) -> None:
        """Another width, other wording."""
        self._follow()

    def _words(self) -> Content:
        """The longest wording that fits."""
        snapshot = self.app.snapshot
        width = self.size.width
        left = Content("")
        for detail in (2, 1, 0):
            left, right = self._host(snapshot.host, detail), self._engines(snapshot, detail)
            spare = width - cell_len(left.plain) - cell_len(right.plain)
            if spare >= 2:
                return Content.assemble(left, " " * spare, right)
        return Content.assemble(left, "  ", right)

    def _host(self, host: HostSample | None, detail: int) -> Content:
        if host is None:
            return Content.styled("Twindeck", "bold $primary") if detail else Content("")
        dash = self.app.glyphs.dash
        cpu = dash if host.cpu_percent is None else f"{percent(host.cpu_percent)}%"
        used, total = iec(host.memory_used_bytes), iec(host.memory_total_bytes)
        load = dash if host.load_1min is None else f"{host.load_1min:.2f}"
        if detail == 2:
            parts = [("host cpu", f"{cpu} of {host.cores} cores"), ("memory", _share(used, total))]
        elif detail == 1:
            parts = [("cpu", cpu), ("mem", _share(used, total))]
        else:
            parts = [("cpu", cpu), ("mem", used)]
        if detail:
            parts.append(("load", load))
        shown = [Content.styled("Twindeck", "bold $primary")] if detail == 2 else []
        for name, figure in parts:
            words = (Content.styled(name, "$faint"), " ", Content.styled(figure, "bold"))
            shown.append(Content.assemble(*words))
        return Content("   " if detail == 2 else "  ").join(shown)

    def _engines(self, snapshot: Snapshot, detail: int) -> Content:
        shown = [self._engine(snapshot, side, detail) for side in SideName]
        if self.app.is_read_only:
            shown.append(Content.from_markup("[reverse] read-only [/]"))
        return Content("   " if detail == 2 else "  ").join(shown)

    def _engine(self, snapshot: Snapshot, side: SideName, detail: int) -> Content:
        health = snapshot.health.get(side)
        name = "Vagrant" if side is SideName.VM else _product(snapshot, health)
        if health is None:
            return Content.from_markup("[$faint]$n $e[/]", n=name, e=self.app.glyphs.ellipsis)
        if not health.ok:
            sign = self.app.glyphs.failed
            return Content.from_markup("[bold $error]$s $n down[/]", s=sign, n=name)
        known = (i.accelerator for i in snapshot.on_side(side) if i.accelerator and i.is_live)
        accelerator = _accelerator(health.accelerator or next(known, None), detail)
        if detail == 2:
            text = clean(health.version) or f"{name} ok"
            return Content.assemble(Content.styled(text, "$quiet"), accelerator)
        return Content.assemble(Content.styled(f"{name} ok", "$quiet"), accelerator)


def _product(snapshot: Snapshot, health: Health | None) -> str:
    """`Docker` or `Podman`, as it calls itself."""
    told = health.version.partition(" ")[0] if health else ""
    return clean(told) or ("Podman" if snapshot.engine.endswith("Podman") else "Docker")


def _share(used: str, total: str) -> str:
    """`3.1 of 7.8 GiB`, the unit said once where it is the same."""
    figure, _, unit = used.partition(" ")
    return f"{figure if total.endswith(unit) else used} of {total}"


def _accelerator(accelerator: str | None, detail: int) -> Content:
    """Always visible: a figure under software emulation must not pass for any other."""
    if not accelerator:
        return Content("")
    name = clean(accelerator)
    text = f"{name}, software emulation" if name == _SLOW and detail == 2 else name
    tone = "$warning" if name == _SLOW else "$success"
    return Content.assemble(" ", Content.styled(text, tone))
