"""Which container engines there are to choose from: `twindeck engines`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import click
from click.shell_completion import CompletionItem

from tui.cli.session import Settings, say
from tui.cli.tables import print_json, put, table
from tui.engines.docker.discovery import Offer, offers
from tui.errors import EngineUnavailable
from tui.units import DASH


@click.command()
@click.option("--json", "as_json", is_flag=True, help="A JSON list.")
@click.pass_context
def engines(ctx: click.Context, as_json: bool) -> None:
    """List the container engines found here; `--engine NAME` uses one. Asks none of them.

    Fails when the engine that is meant cannot be told.
    """
    settings: Settings = ctx.obj
    current, trouble = None, None
    try:
        current = settings.docker.endpoint()
    except EngineUnavailable as error:
        trouble = error
    found = offers(settings.docker.env, current)
    if as_json:
        print_json([_json(offer) for offer in found])
    else:
        rows = [
            ("*" if o.is_current else "", o.name, o.endpoint.url if o.endpoint else DASH, _state(o))
            for o in found
        ]
        put(table(("", "NAME", "URL", "STATE"), rows))
    if trouble is not None:
        say(f"twindeck: {trouble.line}")
        ctx.exit(1)


def complete_engine(incomplete: str) -> list[CompletionItem]:
    """Names of those that can be used."""
    names = [o.name for o in offers(os.environ) if not o.reason and o.name.isprintable()]
    safe = [name for name in names if not set(name) & set(" \"'`$\\,;&|<>()*?[]#~!{}")]
    return [CompletionItem(name) for name in safe if name.startswith(incomplete)]


def _state(offer: Offer) -> str:
    if not offer.reason:
        return "found"
    return f"{offer.reason} → {offer.fix}" if offer.fix else offer.reason


def _json(offer: Offer) -> dict[str, Any]:
    endpoint = offer.endpoint
    return {
        "name": offer.name,
        "title": offer.title,
        "url": endpoint.url if endpoint else None,
        "context": endpoint.context if endpoint else None,
        "current": offer.is_current,
        "usable": not offer.reason,
        "reason": offer.reason,
        "fix": offer.fix,
    }


COMMANDS: Mapping[str, click.Command] = {"engines": engines}
