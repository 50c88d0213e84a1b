"""What a figure of this host says of an answer: which side meets the need it stands for."""

from __future__ import annotations

from tui.advice.model import CONTAINER, VM, Answer, Criterion, Figure, Finding, Rule
from tui.units import figure as shown


def find(criterion: Criterion, answer: Answer, rule: Rule, figure: Figure) -> Finding:
    """The finding; one that is unfit says why and decides nothing."""
    head = (
        f"{figure.metric} ({figure.title}): VM {shown(figure.vm, figure.unit)}, container "
        f"{shown(figure.container, figure.unit)}, measured here in run {figure.run_id} "
        f"({_circumstances(figure)})."
    )
    if figure.unfit:
        says = f"{head} Not counted: {figure.unfit}."
        return Finding(criterion.id, answer.id, figure, {}, says)
    if rule.limit is not None:
        passes = _against_limit(rule.limit, figure)
    else:
        passes = _by_share(rule, figure)
    says = f"{head} {_verdict(rule, figure, passes)}"
    return Finding(criterion.id, answer.id, figure, passes, says)


def _circumstances(figure: Figure) -> str:
    readings = "one reading" if figure.readings == 1 else f"{figure.readings} readings"
    return f"{figure.accelerator or 'accelerator not told'}, {readings} a side"


def _against_limit(limit: float, figure: Figure) -> dict[str, bool]:
    sides = ((VM, figure.vm), (CONTAINER, figure.container))
    if figure.is_more_better:
        return {side: value >= limit for side, value in sides}
    return {side: value <= limit for side, value in sides}


def _by_share(rule: Rule, figure: Figure) -> dict[str, bool]:
    """Each side is held against the other; what the noise covers counts as the same."""
    if figure.is_alike or figure.ratio is None:
        return {VM: True, CONTAINER: True}
    share = rule.share or 0.0
    speed = figure.ratio if figure.is_more_better else 1 / figure.ratio
    return {VM: speed >= share, CONTAINER: 1 / speed >= share}


def _verdict(rule: Rule, figure: Figure, passes: dict[str, bool]) -> str:
    names = (("the VM", VM), ("the container", CONTAINER))
    met = [name for name, side in names if passes[side]]
    missed = [name for name, side in names if not passes[side]]
    if rule.limit is not None:
        bound = "at least" if figure.is_more_better else "at most"
        need = f"Asked for is {bound} {shown(rule.limit, figure.unit)}"
        if not met or not missed:
            return f"{need}: {'both sides meet' if met else 'neither side meets'} it."
        return f"{need}: {met[0]} meets it, {missed[0]} does not."
    if not missed:
        return "Neither is slower by enough to decide."
    loser = f"{missed[0][0].upper()}{missed[0][1:]}"
    return f"{loser} does not reach {(rule.share or 0.0) * 100:.0f} % of the other."
