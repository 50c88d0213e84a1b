"""Shell completion: scripts for three shells, and the names they offer.

Names come from the last known fleet in the history file, so that a tab costs no engine call.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path, PurePath

import click
from click.shell_completion import CompletionItem, get_completion_class

from tui.core.guard import Guard
from tui.errors import TwindeckError
from tui.model import Instance

_VARIABLE = "_TWINDECK_COMPLETE"

# Bash breaks words at colons, so `vm:web` would reach us as three words and lose its head on the
# way back: the line is split at blanks here, and what bash holds already is cut off the answers.
_BASH = """\
_twindeck_completion() {
    local IFS=$' \\t\\n' line="${COMP_LINE:0:COMP_POINT}" current="" head="" answer kind value
    local -a words
    read -ra words <<< "$line"
    [[ $line == *[[:blank:]] ]] || current="${words[-1]}"
    [[ -n $current ]] || words+=("''")
    [[ $current == *:* && $COMP_WORDBREAKS == *:* ]] && head="${current%"${current##*:}"}"
    COMPREPLY=()
    while IFS=, read -r kind value; do
        case $kind in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain) COMPREPLY+=("${value#"$head"}") ;;
        esac
    done < <(COMP_WORDS="${words[*]}" COMP_CWORD=$((${#words[@]} - 1)) \\
        _TWINDECK_COMPLETE=bash_complete "$1" 2> /dev/null)
}
complete -o nosort -F _twindeck_completion twindeck
"""


def script(shell: str, command: click.Command) -> str:
    """What to source in `bash`, `zsh` or `fish`."""
    if shell == "bash":
        return _BASH
    kind = get_completion_class(shell)
    if kind is None:
        raise ValueError(f"no completion for {shell}")
    return kind(command, {}, "twindeck", _VARIABLE).source()


def complete_instance(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Last known instances: bare names where one side has them, `SIDE:NAME` for all."""
    instances = _last_known()
    used = Counter(instance.name for instance in instances)
    groups = dict.fromkeys(f"{PurePath(i.group).name}/" for i in instances if i.group)
    names = [
        *groups,
        *(i.name for i in instances if used[i.name] == 1),
        *(i.key for i in instances),
    ]
    given = set(ctx.params.get(param.name or "") or ())
    # A blank or a quote would need the shell's own quoting, and a control character is an attack.
    safe = (n for n in names if n.isprintable() and not set(n) & set(" \"'`$\\,;&|<>()*?[]#~!{}"))
    return [
        CompletionItem(name) for name in safe if name.startswith(incomplete) and name not in given
    ]


def complete_workload(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Workloads of the project."""
    from tui.project import find_project
    from tui.workloads import load_all

    project: Path | None = ctx.find_root().params.get("project")
    try:
        workloads, _ = load_all(find_project(project))
    except TwindeckError:
        return []
    return [
        CompletionItem(workload.name, help=workload.title)
        for workload in workloads
        if workload.name.startswith(incomplete)
    ]


def _last_known() -> list[Instance]:
    from tui.store import Store

    try:
        store = Store(guard=Guard(is_read_only=True))
    except TwindeckError:
        return []
    try:
        return store.load_fleet()
    except TwindeckError:
        return []
    finally:
        store.close()
