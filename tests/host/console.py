"""The console in a real terminal of the guest: tmux, into which a user types `make run`."""

from __future__ import annotations

import shlex

from tests.host.guest import Guest

_TYPED = "make-run.log"
_WAIT = """\
until tmux capture-pane -p | grep -Eq {pattern}; do
  if [ $SECONDS -gt {seconds} ]; then
    tmux capture-pane -p >&2
    exit 1
  fi
  sleep 2
done
tmux capture-pane -p
"""


class Console:
    """One window of 160×45; whatever it prints is kept."""

    def __init__(self, guest: Guest, environment: str) -> None:
        self._guest = guest
        self._environment = environment

    def open(self) -> None:
        """A shell in the clone, where `make run` is typed. Raises Failed."""
        self._guest.run(
            f"{self._environment}cd twindeck\n"
            # One of a former run, which takes a moment to go.
            "while tmux kill-server 2>/dev/null; do sleep 1; done\n"
            "tmux -f /dev/null new-session -d -x 160 -y 45\n"
            f"tmux pipe-pane 'cat >~/{_TYPED}'\n"
            "tmux send-keys 'make run' Enter\n",
            60,
        )

    def press(self, *keys: str) -> None:
        """Keys by tmux's names. Raises Failed."""
        self._guest.run(f"tmux send-keys {shlex.join(keys)}\n", 60)

    def wait(self, pattern: str, seconds: int) -> str:
        """The first screen with a line that matches. Raises Failed."""
        script = _WAIT.format(pattern=shlex.quote(pattern), seconds=seconds)
        return self._guest.run(script, seconds + 60)

    def printed(self) -> str:
        """All that was printed so far, as a terminal gets it. Raises Failed."""
        return self._guest.run(f"cat {_TYPED}\n", 60)
