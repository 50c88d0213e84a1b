"""Everything measured for one row of a comparison, as text; pure functions, no widget."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from textual.content import Content

from tui.glyphs import Glyphs
from tui.results import Arm, Estimate, Line, Measurement, Table, TableRow
from tui.text import clean
from tui.units import figure, interval
from tui.widgets.lab_text import accelerator_words, ratio_text, verdict_text
from tui.widgets.sample_strip import Axis, common_axis, strip

ARM_STYLES: Mapping[Arm, str] = MappingProxyType(
    {
        Arm.VM: "$vm",
        Arm.CONTAINER: "$container",
        Arm.HOST: "$secondary",
        Arm.VOLUME: "$accent",
    }
)
_ARM = 11
_LEAST_STRIP = 8


@dataclass(frozen=True, slots=True)
class Page:
    """Where text goes."""

    width: int
    glyphs: Glyphs


def verdict_block(row: TableRow, table: Table, page: Page) -> list[Content]:
    """Verdict and why, the usual claim, the method."""
    verdict = verdict_text(row.verdict) + Content.styled("  " + clean(row.why), "$foreground")
    claim = f"VM {clean(row.claim_vm)}; container {clean(row.claim_container)}"
    notes = [
        f"{side} {words}"
        for side, cell in (("VM", row.vm), ("container", row.container))
        if (words := clean(cell.note or cell.reason))
        and words != accelerator_words(table.run.accelerator)
    ]
    pairs = [("verdict", verdict), ("usual claim", Content(claim)), ("method", row.method)]
    if notes:
        pairs.append(("figures", "; ".join(notes)))
    if row.ratio is not None:
        pairs.insert(1, ("ratio", _ratio_line(row)))
    lines: list[Content] = []
    for label, text in pairs:
        content = text if isinstance(text, Content) else Content(clean(str(text)))
        lines += labelled(label, content, page.width)
    return lines


def labelled(label: str, text: Content, width: int, indent: int = 12) -> list[Content]:
    """The label, the text beside it, wrapped under itself."""
    wrapped = text.wrap(max(10, width - indent)) if text.cell_length else [Content("")]
    head = Content.styled(label.ljust(indent), "$faint")
    return [(head if not n else Content(" " * indent)) + part for n, part in enumerate(wrapped)]


def _ratio_line(row: TableRow) -> Content:
    ratio = row.ratio
    assert ratio is not None
    words = [clean(ratio.says), f"VM ÷ container {ratio.median:.3g}"]
    if between := interval(ratio.low, ratio.high, ""):
        words.append(f"95 % {between}")
    words.append(_count(ratio.n, "pair"))
    words.append(
        "no A/A run" if ratio.floor is None else f"noise floor {ratio.floor * 100:.1f} % (A/A)"
    )
    return Content(" · ".join(words))


def row_lines(
    row: TableRow, table: Table, measurements: Sequence[Measurement], page: Page
) -> list[Content]:
    """Every line of the row with every arm: figures, samples, what went wrong, how."""
    out: list[Content] = []
    for line in row.lines:
        taken = [m for m in measurements if m.metric == line.metric.id]
        out += [*line_block(line, table, taken, page), Content("")]
    return out[:-1]


def line_block(line: Line, table: Table, taken: Sequence[Measurement], page: Page) -> list[Content]:
    """One metric: title and ratio, an arm a line, remarks, method."""
    metric = line.metric
    title = Content.styled(clean(metric.title), "bold")
    if metric.is_headline:
        title += Content.styled("  headline", "$faint")
    if line.ratio is not None:
        title += Content.styled(f"  {ratio_text(line.ratio, 30)}", "$quiet")
    floor = table.floors.get(metric.id)
    if floor is not None:
        title += Content.styled(f"  A/A spread {floor * 100:.1f} %", "$faint")
    out = [title.truncate(page.width, ellipsis=True)]
    axis = common_axis([e.samples for e in line.estimates.values()])
    for arm in Arm:
        out += _arm_lines(arm, line, table, axis, page)
        out += _trouble(arm, line, table, [m for m in taken if m.arm is arm and not m.stream], page)
    if line.remark:
        out += labelled("  remark", Content(clean(line.remark)), page.width)
    if metric.is_headline:
        return out  # its method stands above
    return out + labelled("  method", Content.styled(clean(metric.method), "$quiet"), page.width)


def _arm_lines(arm: Arm, line: Line, table: Table, axis: Axis | None, page: Page) -> list[Content]:
    by = f" {table.run.accelerator}" if arm is Arm.VM and table.run.accelerator else ""
    head = Content.styled(f"  {arm}{by}".ljust(_ARM + 2), ARM_STYLES[arm])
    if estimate := line.estimates.get(arm):
        return [head + _estimate(estimate, line.metric.unit, arm, axis, page)]
    text = ""
    if arm in line.facts:
        text = clean(line.facts[arm])
    elif arm in line.reasons:
        text = f"{page.glyphs.dash} {clean(line.reasons[arm])}"
    wrapped = Content(text).wrap(max(10, page.width - _ARM - 2)) if text else []
    return [(head if not n else Content(" " * (_ARM + 2))) + w for n, w in enumerate(wrapped)]


def _estimate(estimate: Estimate, unit: str, arm: Arm, axis: Axis | None, page: Page) -> Content:
    """Median, interval, count, MAD; then the samples as dots between their ends."""
    is_same = estimate.n > 1 and estimate.least == estimate.most
    words = Content.assemble(
        (figure(estimate.median, unit).ljust(13), "bold"),
        (interval(estimate.low, estimate.high, unit).ljust(19), "$quiet"),
        f"n {estimate.n}".ljust(5),
    )
    if estimate.n > 1:
        words += Content.styled(f"MAD {figure(estimate.mad, unit)}".ljust(15), "$quiet")
    room = page.width - _ARM - 2 - words.cell_length
    if estimate.n < 2 or is_same:
        return words + Content.styled("all alike" if is_same else "", "$faint")
    ends = axis or Axis(estimate.least, estimate.most)
    first, last = figure(ends.least, unit).split(" ")[0], figure(ends.most, unit)
    if room < _LEAST_STRIP + 4:
        return words
    if room >= _LEAST_STRIP + len(first) + len(last) + 2:
        cells = min(40, room - len(first) - len(last) - 2)
        dots = _dots(estimate, ends, cells, arm, page)
        return Content.assemble(words, (first, "$faint"), " ", dots, " ", (last, "$faint"))
    return words + _dots(estimate, ends, min(40, room), arm, page)


def _dots(estimate: Estimate, axis: Axis, cells: int, arm: Arm, page: Page) -> Content:
    return strip(
        estimate.samples,
        axis,
        cells,
        ARM_STYLES[arm],
        outliers=estimate.outliers,
        is_ascii=page.glyphs.is_ascii,
    )


def _trouble(
    arm: Arm, line: Line, table: Table, taken: Sequence[Measurement], page: Page
) -> list[Content]:
    """What a reader must know of these readings: outliers, noise, failures, notes."""
    said: list[str] = []
    estimate = line.estimates.get(arm)
    if estimate and estimate.outliers:
        said.append(_count(len(estimate.outliers), "outlier") + ", kept")
    note = clean(line.notes.get(arm, ""))
    is_told = "failed" in note
    if estimate and estimate.n_failed and not is_told:
        said.append(_count(estimate.n_failed, "reading") + " failed")
    noise = Counter(clean(word) for m in taken if not m.is_warmup for word in m.noise)
    said += [f"{word} ({_count(times, 'reading')})" for word, times in noise.most_common(3)]
    errors = Counter(clean(m.error) for m in taken if m.error and not is_told)
    said += [error for error, _ in errors.most_common(2)]
    if note and note != accelerator_words(table.run.accelerator):
        said.append(note)
    lines: list[Content] = []
    for words in said:
        text = Content.styled(words, "$quiet" if words == note and not is_told else "$warning")
        lines += labelled("", text, page.width, _ARM + 2)
    return lines


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def host_block(table: Table, page: Page) -> list[Content]:
    """Where it was measured."""
    run = table.run
    lines = labelled("VM run by", Content(accelerator_words(run.accelerator)), page.width)
    for name, value in run.host.items():
        lines += labelled(clean(name)[:11], Content(clean(value)), page.width)
    return lines
