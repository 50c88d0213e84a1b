"""Terminals as they come: narrow, without colour, without UTF-8, of a kind nobody knows."""

from __future__ import annotations

import signal
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import pytest

from tests.tmux.terminal import TWINDECK, Terminal

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """A terminal of 160x45 with nothing in it yet."""
    terminal = Terminal(160, 45)
    yield terminal
    terminal.close()


def open_console(terminal: Terminal, data: Path, env: Mapping[str, str], *options: str) -> None:
    """The console on the real engines, looking only unless other options are given."""
    words = [str(TWINDECK), "--project", str(ROOT), *(options or ("--read-only",))]
    terminal.run(words, {"LANG": "C.UTF-8", "TWINDECK_DATA": str(data), **env}, ROOT)


def test_shrinks_to_60x15_and_grows_again(terminal: Terminal, tmp_path: Path) -> None:
    open_console(terminal, tmp_path, {})
    terminal.wait(lambda s: "VMs" in s and "Containers" in s and "nginx" in s, 20, "both decks")
    terminal.resize(60, 15)
    # The screen is laid out anew in more than one frame: what counts is where it ends.
    screen = terminal.wait(
        lambda s: "nginx" in s and "quit" in s.splitlines()[-1], 10, "a deck and the keys"
    )
    assert max(len(line) for line in screen.splitlines()) <= 60
    terminal.resize(80, 24)
    terminal.wait_text("nginx")
    terminal.press("q")
    terminal.wait_text("[ended with 0]")


def test_a_window_of_next_to_nothing_does_no_harm(terminal: Terminal, tmp_path: Path) -> None:
    open_console(terminal, tmp_path, {})
    terminal.wait_text("nginx", 20)
    for columns, lines in ((2, 1), (1, 60), (200, 1)):
        terminal.resize(columns, lines)
        terminal.press("j", "Tab")
    terminal.resize(160, 45)
    terminal.wait(lambda s: "VMs" in s and "nginx" in s, 10, "both decks again")
    terminal.press("q")
    terminal.wait_text("[ended with 0]")


def test_what_one_console_does_another_shows_at_once_and_both_share_a_history(
    terminal: Terminal, tmp_path: Path, base_image: str
) -> None:
    name = f"twtest-{uuid.uuid4().hex[:8]}"
    other = Terminal(160, 45)
    make = ("docker", "create", "--init", "--name", name, base_image, "sleep", "86400")
    subprocess.run(make, capture_output=True, check=True)
    try:
        for one in (terminal, other):
            open_console(one, tmp_path, {}, "--sampler", "auto")
            one.wait_text("nginx", 20)
            one.press("2", "/")
            one.wait_text("keep the filter")
            one.press(*name)
            # Keys go to the row under the cursor: what else is on this host must not be it.
            one.wait(lambda s: f"/{name}  1 shown" in s, 10, "deck with no other row")
            one.press("Enter")
            one.wait(
                lambda s: "keep the filter" not in s and "created" in row_of(s, name), 10, "row"
            )
        terminal.press("s")
        for one in (terminal, other):
            one.wait(lambda s: "running" in row_of(s, name), 10, "it running")
        other.press("s")
        for one in (terminal, other):
            one.wait(lambda s: "exited" in row_of(s, name), 20, "it stopped")
            one.press("q")
            one.wait_text("[ended with 0]")
    finally:
        other.close()
        subprocess.run(("docker", "rm", "-fv", name), capture_output=True, check=False)


def row_of(screen: str, name: str) -> str:
    """The row of that name."""
    return next((line for line in screen.splitlines() if f" {name[:12]}" in line), "")


@pytest.mark.parametrize(
    "env",
    [
        {"TERM": "nobody-knows-this-one"},
        {"TERM": "vt100"},
        {"NO_COLOR": "1"},
        {"LC_ALL": "C", "LANG": "C"},
    ],
    ids=lambda env: next(iter(env)) + "=" + next(iter(env.values())),
)
def test_opens_and_quits_in_any_terminal(
    terminal: Terminal, tmp_path: Path, env: Mapping[str, str]
) -> None:
    open_console(terminal, tmp_path, env)
    screen = terminal.wait(lambda s: "Docker" in s and "nginx" in s, 20, "row")
    assert "Traceback" not in screen
    if "LC_ALL" in env:
        assert screen.isascii()
    terminal.press("q")
    terminal.wait_text("[ended with 0]")


def test_two_interrupts_always_leave(terminal: Terminal, tmp_path: Path) -> None:
    open_console(terminal, tmp_path, {})
    terminal.wait_text("nginx", 20)
    terminal.press("?")
    terminal.press("C-c", "C-c")
    terminal.wait_text("[ended with 0]")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_console_told_to_end_gives_the_terminal_back(
    terminal: Terminal, tmp_path: Path, number: signal.Signals
) -> None:
    open_console(terminal, tmp_path, {})
    terminal.wait_text("nginx", 20)
    (console,) = psutil.Process(terminal.pane_pid()).children()
    console.send_signal(number)
    screen = terminal.wait_text(f"[ended with {128 + number}]")
    assert "nginx" not in screen


def test_a_console_whose_terminal_is_gone_ends(terminal: Terminal, tmp_path: Path) -> None:
    open_console(terminal, tmp_path, {}, "--sampler", "auto")
    terminal.wait_text("nginx", 20)
    (console,) = psutil.Process(terminal.pane_pid()).children()
    terminal.close()
    assert console.wait(15) is None or not console.is_running()


def test_a_console_that_is_killed_leaves_no_child(terminal: Terminal, tmp_path: Path) -> None:
    open_console(terminal, tmp_path, {}, "--sampler", "auto")
    terminal.wait_text("nginx", 20)
    (console,) = psutil.Process(terminal.pane_pid()).children()
    terminal.wait(lambda _: any("event" in c.cmdline() for c in console.children()), 20, "listener")
    children = console.children(recursive=True)
    console.kill()
    _gone, left = psutil.wait_procs(children, 10)
    assert left == []


def test_what_others_wrote_on_the_terminal_goes_with_a_repaint(
    terminal: Terminal, tmp_path: Path
) -> None:
    open_console(terminal, tmp_path, {})
    terminal.wait_text("nginx", 20)
    terminal.write_over("\x1b[20;10Hsegfault")
    terminal.wait_text("segfault")
    terminal.press("C-l")
    screen = terminal.wait(lambda s: "segfault" not in s, 10, "clean screen")
    assert "nginx" in screen
