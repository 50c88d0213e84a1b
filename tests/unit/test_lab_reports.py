"""Reports of a comparison: what each must tell, and what no engine's words may do to it."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile import escaped
from tests.studies import study, taken
from tui.lab.reports import FORMATS, render
from tui.lab.reports.axis import make_axis
from tui.lab.reports.boots import phases_of
from tui.lab.reports.markdown import safe
from tui.lab.reports.raw_csv import HEADER
from tui.lab.reports.style import CSS
from tui.lab.table import make_table
from tui.results import Arm, Measurement, RunState, Study

VM, CONTAINER, HOST = Arm.VM, Arm.CONTAINER, Arm.HOST
BAD = "<script>alert(1)</script>|`x`\x1b[31m_y_ [z](https://example.org) &lt;"


def report(of: Study, kind: str) -> str:
    return render(make_table(of), of, kind)


@pytest.fixture
def mixed(tmp_path: Path) -> Study:
    """Warm-ups, an A/A run, an outlier, noise, a failure, phases, no difference, facts."""
    warm = Measurement("cpu.events", CONTAINER, -1, 990.0, is_warmup=True, seconds=2.0)
    noisy = Measurement("cpu.events", VM, 6, 999.0, noise=("steal 3.1 %: a guest",), seconds=2.0)
    boot = {"prepare": 2.0, "start": 1.0, "boot": 17.0, "bridge": 15.0, "tool": 7.0}
    return study(
        tmp_path,
        [warm],
        taken("cpu.events", VM, 1000.0, 1001.0, 1002.0, 1003.0, 1004.0, 5000.0),
        [noisy],
        taken("cpu.events", CONTAINER, 1000.5, 1001.5, 1002.5, 1003.5, 1004.5, 1005.5, 1006.5),
        taken("cpu.events", CONTAINER, 1000.0, 1010.0, stream="a"),
        taken("cpu.events", CONTAINER, 1031.0, 1015.0, stream="b"),
        taken("boot.warm", VM, 20.0, 20.0, parts=boot),
        taken("boot.warm", CONTAINER, 0.3, parts={"prepare": 0.1, "start": 0.2}),
        taken("http.published", VM, 3.0, 1 / 3, started_at=1_769_851_801.25),
        [Measurement("http.published", VM, 2, error="wrk: 3 of 9 refused", seconds=1.0)],
        taken("isolation.kernel", VM, text="6.1.0"),
        taken("isolation.kernel", HOST, text="6.18.5"),
        taken(
            "memory.idle.host", CONTAINER, 12.0 * 2**20, parts={"shim": 9e6, "cgroup": 3.582912e6}
        ),
    )


def hostile(tmp_path: Path) -> Study:
    """Every text of a run as bad as an imported file can make it."""
    made = study(
        tmp_path,
        taken("boot.warm", VM, 26.0, 27.0, note=BAD, noise=(BAD,), parts={BAD: 1.0}),
        taken("boot.warm", CONTAINER, 0.3, 0.4),
        taken("isolation.kernel", VM, text=BAD),
        [Measurement("cpu.events", VM, 0, error=BAD)],
        id=BAD,
        title=BAD,
        workload=BAD,
        host={BAD: BAD},
        host_hash=BAD,
        accelerator=BAD,
        twindeck_version='"><script>',
    )
    metrics = tuple(replace(m, title=BAD, method=BAD) for m in made.run.metrics)
    return replace(made, run=replace(made.run, metrics=metrics))


def test_no_text_of_a_run_becomes_a_tag_of_the_page(tmp_path: Path) -> None:
    page = report(hostile(tmp_path), "html")
    tags = {name.lower() for name in re.findall(r"<([a-zA-Z]\w*)", page)}
    assert "script" not in tags
    assert "img" not in tags
    assert "\x1b" not in page
    assert 'content="Twindeck &quot;&gt;&lt;script&gt;"' in page


def test_no_text_of_a_run_adds_a_cell_a_tag_or_a_link_to_markdown(tmp_path: Path) -> None:
    text = report(hostile(tmp_path), "md")
    assert not re.search(r"(?<!\\)<script", text)
    assert not re.search(r"(?<!\\)\[z", text)
    assert "https://" not in text
    columns = None
    for line in text.splitlines():
        if not line.startswith("|"):
            columns = None
            continue
        found = len(re.findall(r"(?<!\\)\|", line))
        assert found == (columns or found)
        columns = found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("smaps_rollup and CLOCK_MONOTONIC", "smaps_rollup and CLOCK_MONOTONIC"),
        ("_x_ *y* ~~z~~", r"\_x\_ \*y\* \~\~z\~\~"),
        ("# no heading", r"\# no heading"),
        ("- no item", r"\- no item"),
        ("     1. no code", r"1\. no code"),
        ("1. no list", r"1\. no list"),
        ("1.5 s", "1.5 s"),
        ("`qemu-img info` or `", r"`qemu-img info` or \`"),
        ("`a|b` ``c``", r"\`a\|b\` \`\`c\`\`"),
        ("`` `[x](y)`", r"\`\` \`\[x\](y)\`"),
        ("a&lt;b && c", "a&amp;lt;b && c"),
        ("www.example.org", r"www\.example.org"),
        ("a|b\nc", r"a\|b c"),
    ],
)
def test_markdown_escapes_what_is_markup_and_nothing_else(text: str, told: str) -> None:
    assert safe(text) == told


def test_markdown_tells_floors_failures_noise_and_what_ran_the_vm(mixed: Study) -> None:
    text = report(mixed, "md")
    assert "| VM (tcg) | container | VM (tcg) / container |" in text
    assert "software emulation" in text.split("| --- |")[0]
    assert "cpu.events A/A 3.1 %" in text
    assert "- http.published, VM (tcg): 1 of 3 failed: wrk: 3 of 9 refused" in text
    assert "- 1 reading: steal … %: a guest" in text
    assert "| no measurable difference (" in text
    assert "host `0123456789ab`" in text


def test_a_run_on_hardware_is_not_called_emulated(mixed: Study) -> None:
    kvm = replace(mixed, run=replace(mixed.run, accelerator="kvm"))
    for kind in ("md", "html"):
        assert "software emulation" not in report(kvm, kind)
        assert "VM (kvm)" in report(kvm, kind)


def test_no_figure_of_a_vm_stands_in_the_page_without_what_ran_it(mixed: Study) -> None:
    page = report(mixed, "html")
    assert re.findall(r'<dt class="vm">([^<]*)', page)
    assert set(re.findall(r'<dt class="vm">([^<]*)', page)) == {"VM (tcg)"}
    assert set(re.findall(r'<td role="cell" class="vm" data-head="([^"]*)', page)) == {"VM (tcg)"}
    lanes = re.findall(r'<div class="lane"><span>([^<]*)</span><svg class="vm"', page)
    assert set(lanes) == {"VM (tcg)"}


def test_the_page_may_load_nothing(mixed: Study) -> None:
    page = report(mixed, "html")
    assert "Content-Security-Policy\" content=\"default-src 'none'" in page
    assert not re.search(r"(?i)\b(src|action|formaction|srcset|on\w+)=", page)
    assert set(re.findall(r'href="(.)', page)) == {"#"}
    assert set(re.findall(r"url\(([^)]*)\)", page)) == {"#hatch"}


def test_a_run_that_was_cancelled_says_so_first(mixed: Study) -> None:
    cut = replace(mixed, run=replace(mixed.run, state=RunState.CANCELLED))
    assert "not complete (cancelled)" in report(cut, "md").split("| --- |")[0]
    assert "not complete (cancelled)" in report(cut, "html").split("<table")[0]


def test_every_reading_is_a_dot_marked_by_shape(mixed: Study) -> None:
    page = report(mixed, "html")
    chart = page[page.index('aria-label="CPU') :].split("</figure>")[0]
    of_cpu = [m for m in mixed.measurements if m.metric == "cpu.events"]
    assert chart.count("<title>") == len(of_cpu)
    assert chart.count("warm-up, not counted</title>") == 1
    assert chart.count('class="ring"') == 1
    assert chart.count('class="cross"') == 1
    assert chart.count('<rect class="dot"') == 2
    assert chart.count('<rect class="range"') == 2
    assert "steal 3.1 %" in chart
    assert "container A/A" in chart


def test_vagrants_own_share_is_a_phase_of_its_own(mixed: Study) -> None:
    boot = next(m for m in mixed.measurements if m.metric == "boot.warm" and m.arm is VM)
    told = [(part.name, part.seconds) for part in phases_of(boot)]
    assert told == [
        ("vagrant before the start", 2.0),
        ("start", 1.0),
        ("boot", 12.0),
        ("vagrant after the answer", 5.0),
    ]
    assert sum(seconds for _, seconds in told) == boot.value


def test_a_figure_says_what_it_is_made_of_where_its_parts_add_up(mixed: Study) -> None:
    page = report(mixed, "html")
    assert "<b>container is made of</b> shim 8.6 MiB; cgroup 3.4 MiB." in page


def test_csv_has_all_digits_and_what_ran_the_vm(mixed: Study) -> None:
    text = report(mixed, "csv")
    assert text.endswith("\r\n")
    assert text.count("\r\n") == len(mixed.measurements) + 1
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    values = [float(row["value"]) for row in rows if row["value"]]
    assert values == [m.value for m in mixed.measurements if m.value is not None]
    assert {row["accelerator"] for row in rows if row["arm"] == "vm"} == {"tcg"}
    assert {row["accelerator"] for row in rows if row["arm"] != "vm"} == {""}
    assert "cgroup=3582912.0" in rows[-1]["parts"]


@pytest.mark.parametrize(
    "start",
    [
        "=1+1", "+1", "-1", "@x", " =1", "\t=1", "＝1", "\r=1", "\n=1", "\ufeff=1", "\u200b=1",
        "\u2060\u202e=1", "\x1b[m=1", "\x00=1", "\u00a0=1",
    ],
)  # fmt: skip
def test_no_cell_of_text_is_a_formula(start: str, tmp_path: Path) -> None:
    bad = study(
        tmp_path,
        taken("cpu.events", VM, 1.0, note=start, noise=(start,), parts={start: 1.0}),
        [Measurement(start, VM, 0, text=start, error=start)],
        # No type is looked at on the way from here to the cell.
        [Measurement("x", VM, start, 1.0)],  # type: ignore[arg-type]
        id=start,
        accelerator=start,
    )
    for row in csv.DictReader(io.StringIO(report(bad, "csv"), newline="")):
        for name, cell in row.items():
            formula = cell.lstrip().startswith(("=", "+", "-", "@", "＝"))
            assert not formula, name
            assert escaped(cell) == []


def test_the_columns_of_the_csv_are_documented() -> None:
    section = (Path(__file__).parents[2] / "docs" / "lab.md").read_text().split("## Reports")[1]
    for name in HEADER:
        assert f"`{name}`" in section


def test_json_is_strict_and_its_times_are_those_of_every_command(mixed: Study) -> None:
    def refuse(word: str) -> None:
        raise AssertionError(word)

    whole = json.loads(report(mixed, "json"), parse_constant=refuse)
    of_http = [m for m in whole["measurements"] if m["metric"] == "http.published"]
    assert of_http[0]["started_at"] == "2026-01-31T09:30:01.250Z"
    assert of_http[0]["value"] == 3.0
    assert of_http[2]["error"] == "wrk: 3 of 9 refused"
    assert {(m["arm"] == "vm", m["accelerator"]) for m in whole["measurements"]} == {
        (True, "tcg"),
        (False, None),
    }


@pytest.mark.parametrize("kind", FORMATS)
def test_a_run_with_nothing_measured_has_a_report(kind: str, tmp_path: Path) -> None:
    first = "run,row,metric" if kind == "csv" else "nginx-20260131-093000"
    assert first in report(study(tmp_path), kind)
    assert first in report(study(tmp_path, rows=()), kind)
    assert first in report(study(tmp_path, metrics=(), accelerator=None, host={}), kind)


@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=6),
    st.sampled_from(["s", "B", "B/s", "IOPS", ""]),
)
def test_every_value_has_a_place_on_its_axis(values: list[float], unit: str) -> None:
    finite = [x for x in values if abs(x) < 1e15 and (x == 0 or abs(x) > 1e-12)]
    axis = make_axis(finite or [0.0], unit)
    assert axis.low < axis.high
    assert len(axis.ticks) <= 8
    places = [axis.place(x) for x in sorted(finite)]
    assert places == sorted(places)
    assert all(0 <= axis.place(x) <= 1 for x in (*finite, *axis.ticks))


def test_an_axis_is_logarithmic_only_where_arms_are_far_apart() -> None:
    far, near, close = (make_axis(v, "s") for v in ([0.2, 23.0], [2.0, 23.0], [100.0, 101.0]))
    assert (far.is_log, far.ticks) == (True, (1.0, 10.0))
    assert (near.is_log, near.low, near.is_cut) == (False, 0.0, False)
    assert close.is_cut
    assert make_axis([-0.2], "s").place(-0.2) < make_axis([-0.2], "s").place(0.0)
    assert make_axis([0.0, 5000.0], "B").ticks == (0.0, 2048.0, 4096.0)


def test_a_text_of_any_length_breaks_rather_than_pushing_the_page_wide() -> None:
    """Seen in a browser from 390 to 1280 pixels: the rules that did it."""
    assert re.search(r"\bbody\{[^}]*overflow-wrap:anywhere", CSS)
    assert ".raw td:nth-child(n+8){overflow-wrap:anywhere}" in CSS
    assert "white-space:nowrap" not in re.findall(r"\.method b\{[^}]*\}", CSS)[0]


def test_a_long_text_stays_one_cell_of_a_markdown_table(tmp_path: Path) -> None:
    reason = "|".join(["no blank in it"] * 50) + "\nnext line"
    made = study(tmp_path, [Measurement("cpu.events", VM, 0, error=reason)])
    rows = [line for line in report(made, "md").splitlines() if line.startswith("|")]
    assert rows
    row = next(line for line in rows if "no blank in it" in line)
    assert len(re.split(r"(?<!\\)\|", row)) == len(re.split(r"(?<!\\)\|", rows[0]))
