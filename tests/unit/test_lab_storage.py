"""fio's answer, read strictly, and the places its file lies in; recorded from a real VM."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tui.errors import ActionFailed
from tui.lab.instrument import Instrument, Output
from tui.lab.instruments import host_state, places, storage
from tui.lab.instruments.fio import PATTERNS, parse_figures, parse_jobs
from tui.model import Probe, Workload
from tui.results import Arm
from tui.sides.libvirt import parse_definition

RECORDED = Path(__file__).with_name("lab_fio.json").read_text(encoding="utf-8")
NAMES = ("randread", "randwrite", "read", "write")
IN_CONTAINER = """\
overlay / overlay rw,lowerdir=/var/lib/docker/overlay2/l/A:/var/lib/docker/overlay2/l/B 0 0
proc /proc proc rw,nosuid 0 0
tmpfs /dev tmpfs rw 0 0
/dev/vda /twindeck-lab ext4 rw,relatime 0 0
/dev/vdb /with\\040blank xfs rw 0 0
"""
DOMAIN = """<domain type='qemu'><description/><devices>
<disk type='file' device='cdrom'><driver name='qemu' type='raw'/><readonly/></disk>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'{cache}/>
<source file='/x.img'/><target dev='vda' bus='virtio'/></disk></devices></domain>"""


class FakeRig:
    """Answers fio with a text, and tells two kinds of engines."""

    is_quick = True

    def __init__(self, text: str, *, engines: str = "\tlibaio\n\tpsync\n") -> None:
        self.text = text
        self.engines = engines
        self.ran: list[tuple[Arm, tuple[str, ...]]] = []

    def tool(self, arm: Arm, name: str) -> tuple[str, ...]:
        return (name,)

    def scratch(self, arm: Arm) -> str:
        return "/twindeck-lab/scratch"

    def run(self, arm: Arm, argv: Sequence[str], **_options: Any) -> Output:
        self.ran.append((arm, tuple(argv)))
        if "--enghelp" in argv:
            return Output(self.engines, "", 0, 0.1)
        if argv[0] == "cat":
            return Output(IN_CONTAINER, "", 0, 0.1)
        if argv[0] == "sh":
            return Output("", "sh: Permission denied", 1, 0.1)
        layout = json.dumps({"jobs": [{"jobname": "layout", "error": 0}]})
        return Output(layout if "--name=layout" in argv else self.text, "", 0, 9.5)


@pytest.fixture(autouse=True)
def _no_drop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A test drops nobody's caches."""
    monkeypatch.setattr(host_state, "DROP_CACHES", tmp_path / "drop_caches")
    monkeypatch.setattr("os.sync", lambda: None)


def changed(**changes: object) -> str:
    """The recorded answer, its second job changed."""
    answer = json.loads(RECORDED)
    job = answer["jobs"][1]
    job.update({key: value for key, value in changes.items() if key in job or key == "steadystate"})
    job["write"].update({k: v for k, v in changes.items() if k in job["write"]})
    return json.dumps(answer)


def test_figures_in_their_units() -> None:
    jobs = parse_jobs(f"fio: a warning\n{RECORDED}", NAMES)
    figures = {p.name: parse_figures(p, j) for p, j in zip(PATTERNS, jobs, strict=True)}
    value, parts = figures["randread"]
    assert value == pytest.approx(16593.379138)
    assert parts["ios"] == 26566
    assert parts["latency_p50"] == pytest.approx(765952e-9)
    assert parts["latency_p99"] == pytest.approx(2965504e-9)
    # Bandwidth is bytes, not the KiB fio prints beside it.
    written = jobs[3]["write"]
    assert figures["write"][0] == written["bw_bytes"]
    assert written["bw_bytes"] == pytest.approx(written["bw"] * 1024, rel=0.001)
    assert figures["write"][0] == pytest.approx(
        written["total_ios"] * 2**20 / written["runtime"] * 1000, rel=0.05
    )


def test_no_percentile_of_too_few() -> None:
    job = json.loads(RECORDED)["jobs"][0]
    job["read"]["total_ios"] = 298
    parts = parse_figures(PATTERNS[0], job)[1]
    assert "latency_p95" in parts
    assert "latency_p99" not in parts


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fio: io_setup failed", "JSON of the jobs randread, .*; its last line: fio: io_setup"),
        ("", r"its last line: \(none\)"),
        ('{"jobs": []}', "JSON of the jobs"),
        ('{"jobs": [{"jobname": "randread"}]}', "JSON of the jobs"),
        ('{"jobs": [3]}', "JSON of the jobs"),
        ("[1] {", "JSON of the jobs"),
        (changed(error=28), "job randwrite: No space left on device"),
    ],
)
def test_what_is_no_whole_answer_is_refused(text: str, words: str) -> None:
    with pytest.raises(ActionFailed, match=words):
        parse_jobs(text, NAMES)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (changed(iops=0.0), "randwrite did no I/O at all"),
        (changed(iops="many"), "randwrite was to have iops"),
        (changed(clat_ns=None), "randwrite was to have iops"),
        (changed(write={}), "lacks or misstates one of them"),
    ],
)
def test_what_is_no_figure_is_refused(text: str, words: str) -> None:
    job = parse_jobs(text, NAMES)[1]
    with pytest.raises(ActionFailed, match=words):
        parse_figures(PATTERNS[1], job)


def disk(is_quick: bool = True) -> Instrument:
    workload = Workload("w", "w", Path(), 80, 8080, 18080, Probe("tcp"))
    (instrument,) = storage.instruments(workload, is_quick=is_quick)
    return instrument


def test_one_fio_does_all_four_the_same_on_every_arm() -> None:
    instrument = disk()
    rig: Any = FakeRig(RECORDED)
    for arm in instrument.arms:
        readings = instrument.measure(rig, arm)
        assert [r.metric for r in readings] == [m.id for m in instrument.metrics]
    runs = {argv for _, argv in rig.ran if "--name=read" in argv}
    assert len(runs) == 1
    (argv,) = runs
    assert argv.count("--stonewall") == 4
    assert argv.count("--end_fsync=1") == 2
    assert {"--direct=1", "--time_based", "--ramp_time=300ms", "--ioengine=libaio"} < set(argv)
    assert not any(word.startswith("--steadystate") for word in argv)
    assert instrument.seconds >= 8


def test_the_file_is_written_full_before_and_its_place_is_told() -> None:
    instrument = disk()
    assert instrument.prepare is not None
    rig: Any = FakeRig(RECORDED)
    instrument.prepare(rig, Arm.VOLUME)
    layout = next(argv for _, argv in rig.ran if "--name=layout" in argv)
    assert {"--rw=write", "--size=128M", "--fallocate=none", "--end_fsync=1"} < set(layout)
    assert "--time_based" not in layout
    reading = instrument.measure(rig, Arm.VOLUME)[0]
    assert reading.note == "ext4 on /dev/vda"


def test_a_guest_that_keeps_its_cache_is_told_of() -> None:
    rig: Any = FakeRig(RECORDED)
    note = disk().measure(rig, Arm.VM)[0].note
    assert note == "the guest's page cache could not be dropped"


def test_a_host_that_keeps_its_cache_is_told_of(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(host_state, "DROP_CACHES", tmp_path / "nosuch/drop_caches")
    rig: Any = FakeRig(RECORDED)
    note = disk().measure(rig, Arm.HOST)[0].note
    assert note == "the host's page cache could not be dropped"


def test_a_full_run_ends_when_it_is_steady_and_says_when_not() -> None:
    rig: Any = FakeRig(changed(steadystate={"attained": 0}))
    instrument = disk(is_quick=False)
    readings = instrument.measure(rig, Arm.CONTAINER)
    assert "did not get steady" in readings[1].note
    assert readings[1].parts["steady"] == 0
    assert "steady" not in readings[0].parts
    argv = next(argv for _, argv in rig.ran if "--name=read" in argv)
    assert argv.count("--steadystate=iops_slope:1%") == 2
    assert argv.count("--steadystate=bw_slope:1%") == 2
    assert "until the slope" in instrument.metrics[0].method


def test_without_libaio_the_depth_is_told() -> None:
    instrument = disk()
    assert instrument.prepare is not None
    rig: Any = FakeRig(RECORDED, engines="\tpsync\n")
    instrument.prepare(rig, Arm.VOLUME)
    reading = instrument.measure(rig, Arm.VOLUME)[0]
    assert "psync, depth 1" in reading.note
    assert any("--ioengine=psync" in argv for _, argv in rig.ran)


def test_the_file_system_is_that_of_the_nearest_mount() -> None:
    assert places.file_system(IN_CONTAINER, "/twindeck-lab/scratch") == "ext4 on /dev/vda"
    assert places.file_system(IN_CONTAINER, "/twindeck-labs") == "overlay"
    assert places.file_system(IN_CONTAINER, "/with blank/x") == "xfs on /dev/vdb"
    later = IN_CONTAINER + "/dev/vdc /twindeck-lab btrfs rw 0 0\n"
    assert places.file_system(later, "/twindeck-lab") == "btrfs on /dev/vdc"
    assert places.file_system("", "/x") == ""


def tree(cache: str) -> Mapping[str, Any]:
    return parse_definition(DOMAIN.format(cache=cache)).tree


def test_the_cache_mode_is_of_the_disk_itself() -> None:
    told = places.cache_mode(tree(""))
    assert told == "qcow2 by virtio, cache=default: the host's page cache is in play"
    told = places.cache_mode(tree(" cache='none' io='native'"))
    assert told == "qcow2 by virtio, cache=none: past the host's page cache"
    assert "in play" in places.cache_mode(tree(" cache='writethrough'"))
    assert places.cache_mode({"domain": {"devices": ""}}) == "cache mode not known"
