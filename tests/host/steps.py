"""What a user does on a new host, in order; each step says how long it took."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.host.cache import ROOT, Cache
from tests.host.console import Console
from tests.host.guest import Failed, Guest
from tests.host.record import Record

SETUP_SECONDS = 5400
TEST_SECONDS = 3600
LAB_SECONDS = 3600
OPEN = "Vagrant [0-9].* Docker [0-9]"
"""The console's first line once both engines have answered."""
RUNNING = "running +nginx .*│.*running +nginx "
"""A line with nginx up on both decks."""
CONTAINER_TESTS = (
    "tests/engine/test_containers.py",
    "tests/engine/test_containers_streams.py",
    "tests/engine/test_fleet_recovery.py",
    "tests/engine/test_log_screen.py",
    "tests/engine/test_meters.py",
    "tests/engine/test_right_engine.py",
    # What a sweep costs is held to a real processor's time, not to an emulated one's.
    "--deselect=tests/engine/test_meters.py::test_a_hundred_containers_cost_five_milliseconds",
)
MACHINE_TESTS = ("tests/engine/test_cli_engines.py",)
"""One VM, from up to destroy, beside a container of the same page."""

_TOOLS = """\
sudo apt-get update -q
sudo DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \\
  fdisk git make tmux busybox-static
"""
_GROW = """\
echo ', +' | sudo sfdisk --no-reread --force --quiet -N 1 /dev/vda
sudo partx --update /dev/vda
sudo resize2fs /dev/vda1
"""
_CLONE = """\
[ -d twindeck ] || git clone -q --no-checkout twindeck.bundle twindeck
cd twindeck
git fetch -q ../twindeck.bundle HEAD
git -c advice.detachedHead=false checkout -q --force FETCH_HEAD
git log --oneline --max-count=1
git status --short
"""


class Steps:
    """All of them on one guest."""

    def __init__(self, guest: Guest, record: Record, cache: Cache) -> None:
        self._guest = guest
        self._record = record
        self._cache = cache
        self._environment = ""

    def take(self) -> None:
        """From a guest that is up to the lab's table. Raises Failed."""
        with self._record.step("tools a user has, disk grown"):
            self._environment = self._cache.give(self._guest)
            self._guest.run(_TOOLS + _GROW, 900)
        with self._record.step("clone"):
            self._clone()
        with self._record.step("make run, to the open console"):
            self._make_run()
        with self._record.step("tools for tests"):
            self._in_clone("make --no-print-directory .venv/.installed-dev\n", 900)
        self._take_each(
            {
                "doctor": self._doctor,
                "nginx on both sides": self._pair,
                "tests with one VM": lambda: self._test(MACHINE_TESTS),
                "tests of containers": lambda: self._test(CONTAINER_TESTS),
                "the lab: boots and memory": self._lab,
            }
        )

    def _take_each(self, steps: Mapping[str, Callable[[], None]]) -> None:
        """All of them, whichever fail: the guest took long to make. Raises Failed."""
        failed = []
        for name, act in steps.items():
            try:
                with self._record.step(name):
                    act()
            except Failed as error:
                self._record.say(f"  {error}")
                failed.append(name)
        if failed:
            raise Failed(", ".join(failed))

    def _clone(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            bundle = Path(folder) / "twindeck.bundle"
            argv = ["git", "-C", str(ROOT), "bundle", "create", "--quiet", str(bundle), "HEAD"]
            subprocess.run(argv, check=True)
            self._guest.send(bundle, "/home/vagrant/")
        told = self._guest.run(_CLONE, 120)
        self._record.say(f"  {told.strip()}")

    def _make_run(self) -> None:
        console = Console(self._guest, self._environment)
        console.open()
        try:
            screen = console.wait(f"{OPEN}|Do these .* steps", 900)
            if not re.search(OPEN, screen):
                console.press("y", "Enter")
                screen = console.wait(OPEN, SETUP_SECONDS)
        finally:
            printed = console.printed()
            self._record.keep("make-run", printed)
            for step in re.findall(r"\[\d+/\d+\] [^:\r\n]+: (?:done|failed)[^\r\n]*", printed):
                self._record.say(f"  {step}")
        self._record.keep("console", screen)
        console.press("q")

    def _doctor(self) -> None:
        told = self._in_clone(".venv/bin/twindeck doctor || true\n", 300)
        self._record.keep("doctor", told)
        checks = json.loads(self._in_clone(".venv/bin/twindeck doctor --json || true\n", 300))
        wrong = [check["check"] for check in checks if check["status"] != "ok"]
        if wrong:
            raise Failed(f"doctor finds fault with {', '.join(wrong)}")
        for check in checks:
            if check["check"] in ("docker engine", "cgroups", "libvirt", "accelerator"):
                self._record.say(f"  {check['check']}: {check['reason']}")

    def _test(self, chosen: tuple[str, ...]) -> None:
        pytest = ".venv/bin/python -m pytest -m engine -p tests.no_skips --durations=10"
        told = self._in_clone(f"{pytest} {' '.join(chosen)} || true\n", TEST_SECONDS)
        ending = told.strip().splitlines()[-1].strip("= ")
        self._record.say(f"  {ending}")
        if re.search("failed|error|skipped", ending) or "passed" not in ending:
            raise Failed("tests failed")

    def _pair(self) -> None:
        twindeck = ".venv/bin/twindeck"
        self._in_clone(f"{twindeck} up nginx\n", 1800)
        rows = json.loads(self._in_clone(f"{twindeck} ls --json\n", 120))
        self._record.keep("ls.json", json.dumps(rows, indent=1))
        self._record.keep("ls", self._in_clone(f"{twindeck} ls\n", 120))
        both = "vm:nginx container:nginx"
        self._record.keep("stats", self._in_clone(f"{twindeck} stats {both} --count 3\n", 120))
        self._record.keep("boots", self._in_clone(f"{twindeck} boots\n", 120))
        self._check_pair(rows)
        console = Console(self._guest, self._environment)
        console.open()
        self._record.keep("console-pair", console.wait(RUNNING, 300))
        console.press("q")
        self._in_clone(f"{twindeck} destroy --yes {both}\n", 600)

    def _check_pair(self, rows: list[dict[str, object]]) -> None:
        found = {row["side"]: row for row in rows if row["name"] == "nginx"}
        for side, row in found.items():
            self._record.say(f"  {side}:nginx {row['state']}, accelerator {row['accelerator']}")
        if {row["state"] for row in found.values()} != {"running"}:
            raise Failed("nginx is not running on both sides")
        if found["vm"]["accelerator"] != "kvm":
            raise Failed("the guest's VM runs without kvm: does this host have nested KVM?")

    def _lab(self) -> None:
        words = "compare nginx --quick --rows boot,resources --yes"
        table = self._in_clone(f".venv/bin/twindeck {words}\n", LAB_SECONDS)
        self._record.keep("compare", table)

    def _in_clone(self, script: str, seconds: float) -> str:
        return self._guest.run(f"{self._environment}cd twindeck\n{script}", seconds)
