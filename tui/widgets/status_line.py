"""One line under the decks: what is being done to the selection, how it failed, or what it is."""

from __future__ import annotations

from textual import getters
from textual.content import Content
from textual.reactive import var

from tui.console import ConsoleApp
from tui.model import Instance, SideName, State
from tui.snapshot import Job, JobState
from tui.text import clean
from tui.units import iec, seconds
from tui.widgets.cells import elapsed, job_seconds, visible_name
from tui.widgets.group_line import group_words
from tui.widgets.pair import pair_of
from tui.widgets.plainly import fitted
from tui.widgets.rows import Rows


class StatusLine(Rows):
    """Follows the selection; the screen says which that is."""

    app = getters.app(ConsoleApp)

    key: var[str | None] = var(None)
    """The selected instance."""
    group: tuple[Instance, ...] = ()
    """The members of the group whose heading is selected."""
    has_comparison = False
    """Whether one is shown as under way."""

    def follow(self) -> None:
        """Say what there is to say now."""
        self.lay([self._words()])

    def on_resize(self) -> None:
        """Another width, other wording."""
        self.follow()

    def watch_key(self) -> None:
        """Another selection."""
        if self.is_mounted:
            self.follow()

    def _words(self) -> Content:
        """Of the selection, the comparison under way at its right."""
        comparison = self.app.comparison
        self.has_comparison = comparison is not None
        if comparison is None:
            return self._of_selection(self.size.width)
        from tui.widgets.lab_text import progress_words

        words = fitted(Content(f"◆ {progress_words(comparison)}"), self.app.glyphs)
        lab = Content.styled(words.plain, "$accent").truncate(self.size.width, ellipsis=True)
        room = self.size.width - lab.cell_length
        left = self._of_selection(room - 2).truncate(max(0, room - 2), ellipsis=True)
        return left + Content(" " * (room - left.cell_length)) + lab

    def _of_selection(self, width: int) -> Content:
        """Progress first, then failure, then the pair's figures; `width` is what it may take."""
        snapshot = self.app.snapshot
        if self.group:
            return self._of_group()
        instance = snapshot.find(self.key) if self.key else None
        if instance is None:
            return Content("")
        job = snapshot.jobs.get(instance.key)
        if job and job.is_active:
            return self._progress(job)
        if job and job.state is JobState.FAILED and job.id not in self.app.read_jobs:
            return self._failure(job, width)
        if instance.busy:
            return Content.from_markup("[$accent]busy[/]  $b", b=clean(instance.busy))
        return self._figures(instance, width)

    def _of_group(self) -> Content:
        jobs = (self.app.snapshot.jobs.get(i.key) for i in self.group)
        under_way = next((job for job in jobs if job and job.state is JobState.RUNNING), None)
        if under_way is not None:
            return self._progress(under_way)
        return group_words(self.group, may_act=not self.app.is_read_only)

    def _progress(self, job: Job) -> Content:
        phase = f" {self.app.glyphs.dot} {job.phase}" if job.phase else ""
        head = f"{job.verb} {visible_name(job.name)}{phase}"
        took = elapsed(job_seconds(job, self.app.clock.t_ns()))
        return Content.from_markup(
            "[bold $accent]$h[/] [$accent]$t[/]  [$quiet]$l[/]",
            h=head,
            t=took,
            l=clean(job.last_line),
        )

    def _failure(self, job: Job, width: int) -> Content:
        error = clean(job.error) or f"{job.verb} failed"
        hint = Content.from_markup("  [bold $primary]L[/] [$quiet]whole output[/]")
        room = max(10, width - len(hint.plain) - 2)
        sign, text = self.app.glyphs.failed, self.app.glyphs.cut(error, room)
        return Content.assemble(Content.from_markup("[bold $error]$s $e[/]", s=sign, e=text), hint)

    def _figures(self, instance: Instance, width: int) -> Content:
        """Both of a pair side by side, or the one; each figure with what it stands for."""
        pair = pair_of(self.app.snapshot, instance.key)
        pair = tuple(sorted(pair, key=lambda i: i.side is SideName.CONTAINER))
        if len(pair) > 1 and not self.app.is_read_only and _is_untouched(pair):
            return Content.from_markup(
                "[bold]$n[/]  [bold $primary]u[/] [$quiet]bring it up as a VM, as a container, or "
                "both[/]",
                n=visible_name(instance.name),
            )
        name = Content.from_markup("[bold]$n[/]", n=visible_name(instance.name))
        whole = Content("")
        for detail in (1, 0):
            parts = [self._one(i, detail, is_pair=len(pair) > 1) for i in pair]
            whole = Content("   ").join([name, *parts])
            if whole.cell_length <= width - 2:
                return whole
        return name if self.has_comparison else whole

    def _one(self, instance: Instance, detail: int, *, is_pair: bool) -> Content:
        snapshot = self.app.snapshot
        sample = snapshot.samples.get(instance.key)
        boot = snapshot.boot_seconds.get(instance.key)
        by = f" {clean(instance.accelerator)}" if instance.accelerator else ""
        figures = []
        if boot is not None:
            figures.append(("boot", f"{seconds(boot)}{by}"))
        if detail and sample and sample.guest_memory_bytes is not None:
            figures.append(("guest uses", iec(sample.guest_memory_bytes)))
        if not is_pair and instance.image:
            figures.append(("from", clean(instance.image)))
        if not is_pair and instance.id:
            figures.append(("id", clean(instance.id)[:12]))
        tone = "$vm" if instance.side is SideName.VM else "$container"
        parts = [Content.from_markup(f"[{tone}]$s[/]", s=str(instance.side))] if is_pair else []
        for name, figure in figures:
            parts.append(Content.from_markup("[$faint]$n[/] $f", n=name, f=figure))
        if is_pair and not figures:
            parts.append(Content.from_markup("[$faint]$s[/]", s=str(instance.state)))
        return Content("  ").join(parts)


def _is_untouched(pair: tuple[Instance, ...]) -> bool:
    return all(i.state is State.ABSENT for i in pair)
