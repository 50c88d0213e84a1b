"""Two quiet themes of our own: colour marks what needs a look, the figures stay plain."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="twindeck-dark",
    primary="#82aaff",
    secondary="#5f87af",
    accent="#ffcb6b",
    success="#8fc78f",
    warning="#e8b45c",
    error="#f07a74",
    foreground="#d6dbe3",
    background="#0f1318",
    surface="#151a21",
    panel="#1f2630",
    dark=True,
    variables={
        "quiet": "#9aa4b2",
        "faint": "#66707e",
        "rule": "#2c3541",
        "cursor-row": "#27405f",
        "cursor-row-away": "#1b232d",
        "vm": "#82aaff",
        "container": "#4fc1b0",
        "scrollbar": "#2c3541",
        "scrollbar-background": "#0f1318",
        "scrollbar-hover": "#3d4957",
        "scrollbar-active": "#5f87af",
    },
)

LIGHT = Theme(
    name="twindeck-light",
    primary="#1f5fa8",
    secondary="#4a6f96",
    accent="#8a5a00",
    success="#1f7a3d",
    warning="#8f5b00",
    error="#b3261e",
    foreground="#1f242b",
    background="#fbfbf9",
    surface="#f2f3f0",
    panel="#e5e8e6",
    dark=False,
    variables={
        "quiet": "#4c5561",
        "faint": "#757e8a",
        "rule": "#ccd1d6",
        "cursor-row": "#c6dcf5",
        "cursor-row-away": "#e9edf0",
        "vm": "#1f5fa8",
        "container": "#0b7a6c",
        "scrollbar": "#ccd1d6",
        "scrollbar-background": "#fbfbf9",
        "scrollbar-hover": "#aab3bc",
        "scrollbar-active": "#4a6f96",
    },
)
