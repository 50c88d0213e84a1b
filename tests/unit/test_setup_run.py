"""Setup's plan and its steps, with commands of the test's own that record what they were asked."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tui.errors import ActionFailed, TwindeckError
from tui.setup import base_image, container_trial, get_box, packages, run
from tui.setup.host import Host, Say
from tui.setup.plan import Step, make_plan
from tui.setup.progress import Progress

Install = Callable[..., None]


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """A Debian with nothing on it but the few tools every Debian has."""
    # An engine that runs on this host starts nothing for a test that needs none.
    monkeypatch.setattr(container_trial, "_start_one", lambda *_: None)
    monkeypatch.setenv("TWINDECK_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("VAGRANT_HOME", str(tmp_path / "vagrant"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("TWINDECK_PROJECT", str(Path(__file__).parents[2]))
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    (tmp_path / "bin").mkdir()
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/os-release").write_text("ID=debian\n")
    for name in ("env", "sh", "timeout", "rm", "sleep", "cat", "mkdir"):
        real = next(Path(f) / name for f in ("/usr/bin", "/bin") if (Path(f) / name).exists())
        (tmp_path / "bin" / name).symlink_to(real)
    return Host(root=tmp_path, env={**os.environ, "PATH": str(tmp_path / "bin")}, uid=0)


@pytest.fixture
def install(tmp_path: Path, host: Host) -> Install:
    """Put commands on the PATH that note their arguments in `calls`."""

    def put(*names: str, then: str = "exit 0") -> None:
        for name in names:
            path = tmp_path / "bin" / name
            path.write_text(f'#!/bin/sh\necho "{name} $*" >> {tmp_path}/calls\n{then}\n')
            path.chmod(0o755)

    put("apt-get", "dpkg")
    return put


def calls(host: Host) -> list[str]:
    """What was run, in order."""
    path = host.path("/calls")
    return path.read_text().splitlines() if path.exists() else []


def never(question: str) -> bool:
    """Nobody may be asked."""
    raise AssertionError(question)


def nothing(line: str) -> None:
    """Say nothing."""


def test_elsewhere_setup_only_says_what_to_do(host: Host, install: Install) -> None:
    host.path("/etc/os-release").write_text("ID=fedora\n")
    said: list[str] = []
    assert not run.setup(said.append, never, host)
    assert any("vagrant: missing" in line and "install Vagrant" in line for line in said)
    assert calls(host) == []


def test_elsewhere_setup_says_how_to_take_a_box_of_the_users_own(
    host: Host, install: Install
) -> None:
    host.path("/etc/os-release").write_text("ID=fedora\n")
    said: list[str] = []
    assert not run.setup(said.append, never, host, own_box="my own.box")
    assert "To take the box you named: vagrant box add --name twindeck/base 'my own.box'" in said
    assert calls(host) == []


def test_the_plan_is_shown_whole_and_no_means_no(host: Host, install: Install) -> None:
    said: list[str] = []
    asked: list[str] = []

    def refuse(question: str) -> bool:
        asked.append(question)
        return False

    assert not run.setup(said.append, refuse, host)
    assert len(asked) == 1
    plan = "\n".join(said)
    for word in ("docker.io", "vagrant-libvirt", "dockerd", "libvirtd", "debian:bookworm-slim"):
        assert word in plan
    assert calls(host) == []
    assert not (host.state_folder / "setup.lock").exists()


def test_the_plan_has_packages_before_what_needs_them(host: Host, install: Install) -> None:
    plan = make_plan(host)
    names = [step.name for step in plan]
    assert names == [
        "container packages",
        "vm packages",
        "lab packages",
        "docker",
        "base image",
        "libvirt",
        "box",
        "accelerator",
    ]
    for number, step in enumerate(plan):
        assert set(step.after) & set(names) <= set(names[:number])


def test_a_remote_engine_is_not_started_here(
    host: Host, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote = Host(host.root, {**host.env, "DOCKER_HOST": "tcp://192.0.2.1:2375"}, 0)
    assert "docker" not in [step.name for step in make_plan(remote)]


def test_a_user_without_sudo_is_told_before_anything_is_done(host: Host, install: Install) -> None:
    user = Host(host.root, host.env, 1000)
    with pytest.raises(ActionFailed, match="no sudo") as caught:
        run.setup(nothing, lambda question: True, user)
    assert caught.value.fix == "run it as root"
    assert not [call for call in calls(host) if not call.startswith("apt-cache")]


def test_sudo_is_never_let_ask_in_the_middle(host: Host) -> None:
    assert host.as_root("apt-get", "update") == ["apt-get", "update"]
    user = Host(host.root, host.env, 1000)
    assert user.as_root("apt-get", "update") == ["sudo", "-n", "--", "apt-get", "update"]


def test_only_one_setup_runs(host: Host, install: Install) -> None:
    with run._alone(host), pytest.raises(ActionFailed, match="another twindeck setup"):
        run.setup(nothing, lambda question: True, host)
    assert calls(host) == []


def step(name: str, act: Callable[[Say], None], *after: str, done: bool = False) -> Step:
    """A step that does `act`."""
    return Step(name, "because", name, lambda: done, act, after)


def test_a_failed_step_is_told_and_stops_only_what_needs_it(host: Host) -> None:
    did: list[str] = []
    said: list[str] = []

    def fail(say: Say) -> None:
        for number in range(40):
            say(f"line \x1b[31m{number}")
        raise ActionFailed("no such package", "apt-get update")

    def act(name: str) -> Callable[[Say], None]:
        return lambda say: did.append(name)

    plan = [
        step("a", fail),
        step("b", act("b"), "a"),
        step("c", act("c"), "b"),
        step("d", act("d")),
        step("e", act("e"), "d"),
        step("f", act("f"), done=True),
    ]
    run._carry_out(plan, host, said.append)
    assert did == ["d", "e"]
    text = "\n".join(said)
    assert "      line 39" in said
    assert "      line 20" not in said
    assert "[1/6] a: failed after 0 s: no such package → apt-get update" in said
    assert "[2/6] b: left out, it needs a" in said
    assert "[3/6] c: left out, it needs b" in said
    assert "[6/6] f: done already" in said
    assert "\x1b" not in text
    log = (host.state_folder / "setup.log").read_text()
    assert all(f"line {number}\n" in log for number in range(40))


def test_an_interruption_goes_through_and_is_told(host: Host) -> None:
    def interrupt(say: Say) -> None:
        raise KeyboardInterrupt

    said: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        run._carry_out([step("a", interrupt)], host, said.append)
    assert "goes on from here" in said[-1]


def test_a_long_step_shows_a_line_now_and_then(tmp_path: Path) -> None:
    said: list[str] = []
    now = 0.0
    with Progress(tmp_path / "log", said.append, clock=lambda: now) as progress:
        for number in range(100):
            now = float(number)
            progress.line(f"unpacking {number}")
    assert len(said) == 19
    assert said[0].split() == ["5", "s", "unpacking", "5"]
    assert len((tmp_path / "log").read_text().splitlines()) == 100


def test_packages_mend_an_interrupted_run_and_outlive_a_dead_source(
    host: Host, install: Install
) -> None:
    install("apt-get", then='case "$*" in *update*) echo "E: no source"; exit 100;; esac')
    said: list[str] = []
    packages.install(host, ["docker.io"], said.append)
    words = [call.split() for call in calls(host)]
    assert words[0] == ["dpkg", "--configure", "-a"]
    assert "update" in words[1]
    assert words[2][-3:] == ["--yes", "--no-install-recommends", "docker.io"]
    assert any("going on with the package lists there are" in line for line in said)
    install("apt-get", then='echo "E: Unable to locate package docker.io"; exit 100')
    with pytest.raises(ActionFailed, match="Unable to locate package"):
        packages.install(host, ["docker.io"], nothing)


def test_packages_one_side_cannot_have_do_not_stop_the_other(
    host: Host, install: Install, tmp_path: Path
) -> None:
    make = f"for name in dockerd docker iptables; do ln -sf env {tmp_path}/bin/$name; done"
    refuse = 'case "$*" in *vagrant*) echo "E: Unable to locate package vagrant"; exit 100;; esac'
    install("apt-get", then=f"{refuse}; {make}")
    (tmp_path / "bin/ln").symlink_to("/bin/ln")
    said: list[str] = []
    plan = [step for step in make_plan(host) if step.name.endswith("packages")]
    run._carry_out(plan, host, said.append)
    assert "[1/3] container packages: done in 0 s" in said
    assert any("vm packages: failed" in line and "Unable to locate" in line for line in said)
    assert (tmp_path / "bin/dockerd").exists()


def test_the_labs_tools_are_installed_at_once_and_stop_neither_side(
    host: Host, install: Install, tmp_path: Path
) -> None:
    tools = next(step for step in make_plan(host) if step.name == "lab packages")
    needed = {name for step in make_plan(host) for name in step.after}
    assert tools.after == ()
    assert "lab packages" not in needed
    assert tools.shown.endswith("sysbench fio wrk nghttp2-client iperf3")
    with pytest.raises(ActionFailed, match=r"sysbench.*still missing"):
        tools.act(nothing)
    assert calls(host)[-1].endswith("sysbench fio wrk nghttp2-client iperf3")
    install("sysbench", "fio", "wrk", "h2load", "iperf3")
    assert "lab packages" not in [step.name for step in make_plan(host)]


def test_an_image_that_can_be_pulled_is_not_built(host: Host, install: Install) -> None:
    install("docker", "mmdebstrap")
    base_image.get_image(host, ("debian:bookworm-slim", "twindeck/base:latest"), nothing)
    assert calls(host) == ["docker pull -- debian:bookworm-slim"]


def test_an_image_is_built_once_and_goes_on_where_it_was_cut_off(
    host: Host, install: Install
) -> None:
    names = ("debian:bookworm-slim", "twindeck/base:latest")
    refuse = 'case "$1" in pull) echo "no such host"; exit 1;; import|image) exit 1;; esac'
    install("docker", then=refuse)
    install("mmdebstrap", then='for last; do :; done; echo system > "$last"')
    host.work_folder.mkdir(parents=True)
    (host.work_folder / "base.tar.part").write_text("cut off")
    keyring = host.path("/usr/share/keyrings/debian-archive-keyring.gpg")
    keyring.parent.mkdir(parents=True)
    keyring.touch()
    with pytest.raises(ActionFailed, match="docker import"):
        base_image.get_image(host, names, nothing)
    assert (host.work_folder / "base.tar").read_text() == "system\n"
    install("docker", then='case "$1" in pull|image) exit 1;; esac')
    base_image.get_image(host, names, nothing)
    assert len([call for call in calls(host) if call.startswith("mmdebstrap")]) == 1
    assert calls(host)[-1].startswith("docker import --change CMD")
    assert list(host.work_folder.iterdir()) == []


def test_an_image_that_got_the_name_during_the_build_keeps_it(host: Host, install: Install) -> None:
    install("docker")
    install("mmdebstrap", then='for last; do :; done; echo system > "$last"')
    keyring = host.path("/usr/share/keyrings/debian-archive-keyring.gpg")
    keyring.parent.mkdir(parents=True)
    keyring.touch()
    said: list[str] = []
    base_image.build_image(host, said.append)
    assert not [call for call in calls(host) if call.startswith("docker import")]
    assert said[-1] == "twindeck/base:latest is there already; it is left as it is"


def test_none_of_the_images_can_be_had(host: Host, install: Install) -> None:
    install("docker", then="exit 1")
    with pytest.raises(TwindeckError, match="none of a:1 or b:2 can be pulled"):
        base_image.get_image(host, ("a:1", "b:2"), nothing)


_BOXES = ("debian/bookworm64", "twindeck/base")
_CATALOGUE = "vagrant box add --no-tty --provider libvirt -- debian/bookworm64"


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[Host]:
    """Hosts a box was built on."""
    hosts: list[Host] = []
    monkeypatch.setattr(get_box, "_build", lambda host, say: hosts.append(host))
    return hosts


def test_a_box_is_built_where_one_can_be_and_the_catalogue_not_asked(
    host: Host, install: Install, built: list[Host]
) -> None:
    install("vagrant")
    get_box.get_box(host, _BOXES, nothing)
    assert built == [host]
    assert calls(host) == []
    assert get_box.how_to_get(host, _BOXES) == (
        "built by mmdebstrap in a minute or two, else vagrant box add debian/bookworm64"
    )


def test_a_box_that_cannot_be_built_is_looked_up_in_the_catalogue(
    host: Host, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(host: Host, say: Say) -> None:
        raise ActionFailed("no packages")

    install("vagrant")
    monkeypatch.setattr(get_box, "_build", fail)
    said: list[str] = []
    get_box.get_box(host, _BOXES, said.append)
    assert "twindeck/base cannot be had: no packages" in said
    assert calls(host) == [_CATALOGUE]


def test_for_virtualbox_the_box_is_the_catalogues(
    host: Host, install: Install, built: list[Host]
) -> None:
    install("vagrant", "VBoxManage")
    get_box.get_box(host, _BOXES, nothing)
    assert built == []
    assert calls(host) == [_CATALOGUE.replace("libvirt", "virtualbox")]


def test_a_box_of_the_users_own_gets_the_name_that_every_workload_takes(
    host: Host, install: Install
) -> None:
    install("vagrant")
    (step,) = [s for s in make_plan(host, "https://boxes.example/own.box") if s.name == "box"]
    assert step.shown == "vagrant box add --name twindeck/base https://boxes.example/own.box"
    step.act(nothing)
    assert calls(host) == [
        "vagrant box add --no-tty --provider libvirt --name=twindeck/base "
        "-- https://boxes.example/own.box"
    ]


@pytest.mark.parametrize("name", _BOXES)
def test_no_box_that_machines_take_is_replaced_or_passed_by(
    host: Host, install: Install, tmp_path: Path, name: str
) -> None:
    """One that stands before it in a workload's list would be used in its place."""
    box = tmp_path / "vagrant/boxes" / name.replace("/", "-VAGRANTSLASH-") / "0/libvirt"
    box.mkdir(parents=True)
    (box / "metadata.json").touch()
    with pytest.raises(ActionFailed) as refused:
        run.setup(nothing, never, host, own_box="own.box")
    assert refused.value.line == (
        f"there is a box {name} already, which machines take, and none is replaced "
        f"→ remove it first: vagrant box remove {name}"
    )
    assert calls(host) == []


def test_a_silent_catalogue_is_given_up_and_nothing_of_it_is_left(
    host: Host, install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(get_box, "STALL_SECONDS", 1.0)
    install("vagrant", "VBoxManage", then=f"sleep 100 & echo $! > {tmp_path}/child; wait")
    said: list[str] = []
    began = time.monotonic()
    with pytest.raises(ActionFailed, match="can be had for virtualbox"):
        get_box.get_box(host, _BOXES[:1], said.append)
    assert time.monotonic() - began < 15
    assert any("no sign of life" in line for line in said)
    child = Path(f"/proc/{int((tmp_path / 'child').read_text())}/stat")
    until = time.monotonic() + 5
    while child.exists() and child.read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < until, "vagrant's child outlived it"


def test_a_download_that_grows_is_no_stall(host: Host, tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    script = 'for n in 1 2 3 4 5 6; do echo x >> "$0/part"; sleep 0.5; done; echo there'
    said: list[str] = []
    host.stream(
        ["sh", "-c", script, str(tmp_path / "tmp")],
        said.append,
        stall_seconds=1.5,
        grows=tmp_path / "tmp",
    )
    assert said == ["there"]


def test_a_short_command_that_hangs_or_is_not_there_raises_nothing(host: Host) -> None:
    assert host.run("sleep", "100", seconds=0.2).code is None
    assert host.run("no-such-command").code is None
    assert host.run("sh", "-c", "echo a; echo; echo b >&2; exit 3").last_line == "b"
