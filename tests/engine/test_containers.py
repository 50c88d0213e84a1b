"""The container side against the real engine: what it does, and what is refused."""

from __future__ import annotations

import json
import os
import socket
import time
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.engine.container_kit import Notes, Run, docker, find, pid_of, until
from tests.engine.project_kit import free_port, free_ports
from tui.core.port_ranges import ranged
from tui.core.state_words import exit_words
from tui.errors import ActionFailed, UnknownInstance, UsageError
from tui.meters.containers import ContainerMeter
from tui.meters.gaps import FIGURES
from tui.model import HealthStatus, Instance, Phase, Sampler, State, Verb, Workload
from tui.sides.containers import Containers

pytestmark = pytest.mark.engine

STATUS = "{{.State.Status}}"


def test_health_names_the_engines_version(containers: Containers) -> None:
    health = containers.health()
    assert health.ok
    number = docker("version", "--format", "{{.Server.Version}}").partition("+")[0]
    assert health.version == f"Docker {number}"


def test_a_workload_goes_through_its_whole_life(workload: Workload, tmp_path: Path) -> None:
    side = Containers(tmp_path, [workload])
    name, notes = workload.name, Notes()
    assert find(side, name).state is State.ABSENT
    side.up(workload, notes)
    assert notes.phases == [Phase.PREPARE, Phase.CREATE, Phase.START, Phase.BOOT]
    up = find(side, name)
    assert (up.state, up.workload) == (State.RUNNING, name)
    assert up.ports == (f"127.0.0.1:{workload.container_port}->80/tcp",)
    told = json.loads(docker("inspect", name))[0]
    assert (up.id, up.pid) == (told["Id"], told["State"]["Pid"])
    assert told["HostConfig"]["Memory"] == 64 * 1024 * 1024
    assert told["HostConfig"]["NanoCpus"] == 10**9
    assert up.started_at == pytest.approx(time.time(), abs=30)
    steps = [
        (Verb.PAUSE, State.PAUSED),
        (Verb.RESUME, State.RUNNING),
        (Verb.STOP, State.STOPPED),
        (Verb.START, State.RUNNING),
        (Verb.PAUSE, State.PAUSED),
        (Verb.KILL, State.STOPPED),
    ]
    for verb, state in steps:
        side.act(verb, name, notes)
        instance = find(side, name)
        assert instance.state is state, verb
        assert instance.state.value in ("stopped", docker("inspect", "-f", STATUS, name))
        assert (instance.pid or 0) == pid_of(name), verb
    assert find(side, name).exit_code == 137
    assert f"docker stop {name}" in notes.lines
    assert f"docker start {name}" in notes.lines
    side.act(Verb.DESTROY, name, notes)
    assert find(side, name).state is State.ABSENT
    assert docker("ps", "-a", "-q", "--filter", f"name={name}") == ""


def test_up_again_builds_nothing_and_up_after_a_change_builds(
    workload: Workload, containers: Containers
) -> None:
    first, running, again, changed = Notes(), Notes(), Notes(), Notes()
    containers.up(workload, first)
    assert any("Step 1/" in line for line in first.lines)
    containers.up(workload, running)
    assert running.lines == [f"{workload.name} is running already"]
    containers.act(Verb.DESTROY, workload.name, Notes())
    containers.up(workload, again)
    assert not any("Step 1/" in line for line in again.lines)
    containers.act(Verb.DESTROY, workload.name, Notes())
    (workload.folder / "page.html").write_text("new")
    containers.up(workload, changed)
    assert any("Step 1/" in line for line in changed.lines)


def test_up_starts_a_stopped_container(workload: Workload, containers: Containers) -> None:
    containers.up(workload, Notes())
    containers.act(Verb.STOP, workload.name, Notes())
    notes = Notes()
    containers.up(workload, notes)
    assert notes.phases == [Phase.PREPARE, Phase.START, Phase.BOOT]
    assert find(containers, workload.name).state is State.RUNNING


def test_a_failing_build_tells_its_last_lines(workload: Workload, containers: Containers) -> None:
    dockerfile = workload.folder / "Dockerfile"
    dockerfile.write_text("ARG BASE\nFROM ${BASE}\nRUN echo it was me >&2; exit 3\n")
    with pytest.raises(ActionFailed, match=r"it was me.*code: 3"):
        containers.up(workload, Notes())


def test_no_base_image_at_all_says_setup(workload: Workload, containers: Containers) -> None:
    from dataclasses import replace

    poor = replace(workload, container_images=("127.0.0.1:1/twtest/none:1",))
    with pytest.raises(ActionFailed, match="No base image") as caught:
        containers.up(poor, Notes())
    assert caught.value.fix == "twindeck setup"


@pytest.mark.parametrize("made", [("create",), ("run", "-d")])
@pytest.mark.parametrize("label", ["", "other", "another project's"])
def test_a_foreign_container_of_the_same_name_is_left_alone(
    workload: Workload,
    containers: Containers,
    base_image: str,
    tmp_path: Path,
    made: tuple[str, ...],
    label: str,
) -> None:
    labels = (f"twindeck.workload={label}",) if label == "other" else ()
    if label == "another project's":
        (tmp_path / "Dockerfile").touch()
        labels = (f"twindeck.workload={workload.name}", f"twindeck.folder={tmp_path}")
    options = [word for one in labels for word in ("--label", one)]
    docker(*made, "--name", workload.name, *options, base_image, "sleep", "60")
    before = docker("inspect", "-f", "{{.Id}} {{.State.Status}}", workload.name)
    side = Containers(tmp_path, [workload])
    with pytest.raises(ActionFailed, match="not the workload's"):
        side.up(workload, Notes())
    assert docker("inspect", "-f", "{{.Id}} {{.State.Status}}", workload.name) == before
    # Nor is it listed as the workload's, or its start would be timed as that.
    assert find(side, workload.name).workload is None


def test_a_container_made_before_its_project_was_moved_is_still_its_own(
    workload: Workload, base_image: str, tmp_path: Path
) -> None:
    labels = (f"twindeck.workload={workload.name}", f"twindeck.folder={tmp_path}/no-more")
    options = [word for one in labels for word in ("--label", one)]
    docker("create", "--name", workload.name, *options, base_image, "sleep", "60")
    assert find(Containers(tmp_path, [workload]), workload.name).workload == workload.name


def test_an_image_of_a_users_own_is_not_built_over(
    workload: Workload, containers: Containers, base_image: str
) -> None:
    tag = f"twindeck/{workload.name}:latest"
    docker("tag", base_image, tag)
    before = docker("image", "inspect", "-f", "{{.Id}}", tag)
    with pytest.raises(ActionFailed, match="exists that Twindeck did not build"):
        containers.up(workload, Notes())
    assert docker("image", "inspect", "-f", "{{.Id}}", tag) == before


def test_a_port_held_by_a_process_is_named(workload: Workload, containers: Containers) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", workload.container_port))
        holder.listen()
        with pytest.raises(ActionFailed) as caught:
            containers.up(workload, Notes())
    assert f"Port {workload.container_port}" in str(caught.value)
    assert f"(pid {os.getpid()})" in str(caught.value)
    assert docker("ps", "-a", "-q", "--filter", f"name={workload.name}") == ""


def test_a_port_held_by_a_container_is_named(containers: Containers, run: Run) -> None:
    port = str(free_port())
    holder = run("-p", f"127.0.0.1:{port}:80")
    docker("stop", "-t", "0", holder)
    other = run("-p", f"127.0.0.1:{port}:80")
    with pytest.raises(ActionFailed) as caught:
        containers.act(Verb.START, holder, Notes())
    assert f"Port {port}" in str(caught.value)
    assert f"held by container {other}" in str(caught.value)


def test_unknown_names_and_pieces_of_ids_are_unknown(containers: Containers, run: Run) -> None:
    name = run()
    container_id = find(containers, name).id or ""
    for wrong in ("twtest-nobody", container_id[:6], "../" + name, name + "/json?x=", ""):
        with pytest.raises(UnknownInstance):
            containers.act(Verb.DESTROY, wrong, Notes())
        with pytest.raises(UsageError):
            containers.inspect(wrong)
    assert find(containers, name).state is State.RUNNING


def test_what_the_engine_refuses_is_one_line(containers: Containers, run: Run) -> None:
    name = run()
    docker("stop", "-t", "0", name)
    with pytest.raises(ActionFailed, match="not running") as caught:
        containers.act(Verb.KILL, name, Notes())
    assert "\n" not in caught.value.line
    with pytest.raises(ActionFailed, match="not running"):
        containers.shell(name)


def test_destroy_takes_the_anonymous_volumes(containers: Containers, run: Run) -> None:
    name = run("-v", "/data")
    volume = json.loads(docker("inspect", name))[0]["Mounts"][0]["Name"]
    containers.act(Verb.DESTROY, name, Notes())
    assert volume not in docker("volume", "ls", "-q").split()


def test_an_unhealthy_container_is_told_from_a_healthy_one_as_soon_as_the_engine_says_so(
    run: Run, containers: Containers
) -> None:
    check = ("--health-interval", "0.2s", "--health-retries", "1", "--health-cmd")
    ill = run(*check, "test -e /well || { echo no well here; exit 3; }")
    stop, changes = Event(), Event()
    watch = Thread(target=containers.watch, args=(changes.set, stop), daemon=True)
    watch.start()
    try:
        until(lambda: find(containers, ill).health is HealthStatus.UNHEALTHY, 20)
        assert "no well here (exit code 3)" in find(containers, ill).failed_check
        until(changes.is_set, 10)
        changes.clear()
        docker("exec", ill, "touch", "/well")
        # No listing in between: an event must tell it.
        until(changes.is_set, 20)
        until(lambda: find(containers, ill).health is HealthStatus.HEALTHY, 20)
        assert find(containers, ill).failed_check == ""
    finally:
        stop.set()
        watch.join(5)


def test_a_container_killed_for_want_of_memory_says_so_and_names_its_limit(
    run: Run, containers: Containers
) -> None:
    hungry = run("-m", "8m", command=("sh", "-c", "x=$(head -c 60000000 /dev/zero | tr '\\0' x)"))
    until(lambda: find(containers, hungry).state is State.STOPPED, 30)
    row = find(containers, hungry)
    assert json.loads(docker("inspect", hungry))[0]["State"]["OOMKilled"]
    assert exit_words(row) == "killed: out of memory, limit 8.0 MiB"


def test_a_restart_loop_has_no_figures_between_two_runs_and_says_why(
    run: Run, containers: Containers
) -> None:
    loop = run("--restart", "always", command=("sh", "-c", "exit 3"))
    listed: list[Instance] = []

    def is_between() -> bool:
        listed.append(find(containers, loop))
        return listed[-1].state is State.RESTARTING

    until(is_between, 30)
    row = listed[-1]
    assert row.exit_code == 3
    for sampler in Sampler:
        meter = ContainerMeter(sampler=sampler)
        (sample,) = meter.sample([row])
        meter.close()
        figures = {name: getattr(sample, name) for name in FIGURES}
        assert figures == dict.fromkeys(FIGURES), sampler
        assert sample.reasons["block_read_bytes"] == "not running right now (restarting)"
    until(lambda: (find(containers, loop).restart_count or 0) > 1, 30)


def test_the_engines_empty_answer_about_what_has_ended_meanwhile_is_no_zero(
    run: Run, containers: Containers
) -> None:
    ended = run(command=("true",))
    until(lambda: find(containers, ended).state is State.STOPPED, 30)
    as_listed = replace(find(containers, ended), state=State.RUNNING)
    meter = ContainerMeter(sampler=Sampler.ENGINE)
    (sample,) = meter.sample([as_listed])
    meter.close()
    assert {name: getattr(sample, name) for name in FIGURES} == dict.fromkeys(FIGURES)
    assert sample.reasons["net_rx_bytes"] == "not running right now"


def test_published_neighbours_are_one_range(run: Run, containers: Containers) -> None:
    first = free_ports(10)
    ports = f"127.0.0.1:{first}-{first + 9}"
    many = run("-p", f"{ports}:{first}-{first + 9}")
    row = find(containers, many)
    assert len(row.ports) == 10
    assert ranged(row.ports) == (f"{ports}->{first}-{first + 9}/tcp",)
