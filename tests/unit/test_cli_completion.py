"""Completion offers the last known names without waking an engine, in a real bash too."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from tui.cli import cli
from tui.model import Instance, SideName, State
from tui.store import Store, history_path

FLEET = (
    Instance(SideName.VM, "nginx", State.RUNNING),
    Instance(SideName.CONTAINER, "nginx", State.RUNNING),
    Instance(SideName.CONTAINER, "web-1", State.STOPPED),
    Instance(SideName.CONTAINER, "web-2", State.STOPPED),
    Instance(SideName.CONTAINER, "$(reboot)", State.STOPPED),
    Instance(SideName.CONTAINER, "bad\x1b[31m", State.STOPPED),
)


@pytest.fixture
def known_fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TWINDECK_DATA", str(tmp_path / "data"))
    store = Store()
    store.save_fleet(FLEET)
    store.close()
    return tmp_path


def completed(line: str) -> list[str]:
    """What click's protocol answers for that line, the last word being completed."""
    words = line.split(" ")
    env = {
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
        "_TWINDECK_COMPLETE": "bash_complete",
    }
    result = CliRunner().invoke(cli, prog_name="twindeck", env=env)
    return [answer.partition(",")[2] for answer in result.stdout.splitlines() if answer]


@pytest.mark.usefixtures("known_fleet")
def test_names_commands_and_workloads_are_offered() -> None:
    assert completed("twindeck stop web") == ["web-1", "web-2"]
    assert completed("twindeck stop web-1 web") == ["web-2"]
    assert completed("twindeck stop ng") == []
    assert completed("twindeck stop vm:") == ["vm:nginx"]
    assert completed("twindeck logs container:n") == ["container:nginx"]
    assert completed("twindeck sto") == ["stop"]
    assert completed("twindeck up ng") == ["nginx"]
    assert completed("twindeck up nginx --on c") == ["container"]


@pytest.mark.usefixtures("known_fleet")
def test_names_that_would_harm_a_shell_are_not_offered() -> None:
    offered = completed("twindeck stop ")
    assert {"web-1", "web-2", "vm:nginx", "container:nginx"} == {
        name for name in offered if not name.startswith("container:web")
    }


def test_without_a_history_nothing_is_offered_and_nothing_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWINDECK_DATA", str(tmp_path / "data"))
    assert completed("twindeck stop ") == []
    assert not history_path().parent.exists()
    history_path().parent.mkdir()
    history_path().write_text("broken" * 100)
    assert completed("twindeck stop ") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_for_each_shell(shell: str) -> None:
    result = CliRunner().invoke(cli, ["completion", shell], prog_name="twindeck")
    assert result.exit_code == 0
    assert f"_TWINDECK_COMPLETE={shell}_complete" in result.stdout


def in_bash(line: str, folder: Path, breaks: str | None = None) -> list[str]:
    """COMPREPLY after a tab at the end of that line, in a bash that sourced our script."""
    script = CliRunner().invoke(cli, ["completion", "bash"], prog_name="twindeck").stdout
    command = folder / "bin" / "twindeck"
    command.parent.mkdir(exist_ok=True)
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tui "$@"\n')
    command.chmod(0o755)
    program = (
        f"{script}\n"
        'COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDBREAKS="${2-$COMP_WORDBREAKS}"\n'
        "_twindeck_completion twindeck 2> /dev/null\n"
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    argv: Sequence[str] = ["bash", "--norc", "-c", program, "bash", line]
    argv = argv if breaks is None else [*argv, breaks]
    env = {**os.environ, "PATH": f"{command.parent}:{os.environ['PATH']}"}
    env["PYTHONPATH"] = str(Path(__file__).parents[2])
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.split()


def test_bash_completes_names_with_colons(known_fleet: Path) -> None:
    colon = ' \t\n:"'
    assert in_bash("twindeck stop web", known_fleet) == ["web-1", "web-2"]
    # Bash holds `container:` already and would repeat it.
    assert in_bash("twindeck stop container:w", known_fleet, colon) == ["web-1", "web-2"]
    assert in_bash("twindeck stop vm:", known_fleet, colon) == ["nginx"]
    assert in_bash("twindeck stop vm:", known_fleet, " \t\n") == ["vm:nginx"]
    assert "web-2" in in_bash("twindeck stop web-1 ", known_fleet)
    assert in_bash("twindeck up ng", known_fleet) == ["nginx"]
    assert in_bash("twindeck doc", known_fleet) == ["doctor"]


def test_a_tab_loads_no_engine(known_fleet: Path) -> None:
    code = (
        "import sys; from tui.cli import cli\n"
        "try: cli.main(prog_name='twindeck')\n"
        "except SystemExit: pass\n"
        "print(sorted({'docker', 'vagrant', 'plotext', 'psutil', 'textual'} & set(sys.modules)))\n"
    )
    env = {
        **os.environ,
        "COMP_WORDS": "twindeck stop web",
        "COMP_CWORD": "2",
        "_TWINDECK_COMPLETE": "bash_complete",
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=env,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.splitlines() == ["plain,web-1", "plain,web-2", "[]"]
