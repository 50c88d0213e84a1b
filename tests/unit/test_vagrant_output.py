"""What vagrant prints, as captured from Vagrant 2.3 with libvirt and VirtualBox."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.errors import ActionBusy, ActionFailed
from tui.model import Phase
from tui.sides.vagrant_output import accelerator_of, failure, is_progress, phase_of, reason

LIBVIRT_UP = """\
Bringing machine 'nginx' up with 'libvirt' provider...
==> nginx: Uploading base box image as volume into Libvirt storage...
==> nginx: Creating image (snapshot of base box volume).
==> nginx: Creating domain with the following settings...
==> nginx:  -- Name:              main_nginx
==> nginx:  -- Domain type:       qemu
==> nginx: Starting domain.
==> nginx: Waiting for domain to get an IP address...
==> nginx: Waiting for machine to boot. This may take a few minutes...
    nginx: SSH address: 192.168.121.84:22
==> nginx: Machine booted and ready!
==> nginx: Forwarding ports...
==> nginx: Running provisioner: content (file)...
==> nginx: Running provisioner: workload (shell)...
    nginx: Running: inline script
"""

VIRTUALBOX_UP = """\
==> default: Importing base box 'debian/bookworm64'...
==> default: Matching MAC address for NAT networking...
==> default: Booting VM...
==> default: Waiting for machine to boot. This may take a few minutes...
==> default: Running provisioner: shell...
"""

SYNTAX = """\
Vagrant failed to initialize at a very early stage:

There is a syntax error in the following Vagrantfile. The syntax error
message is reproduced below for convenience:

/srv/shop/Vagrantfile:3: syntax error, unexpected `end'
end end
^~~
"""

UNDEFINED = """\
Vagrant failed to initialize at a very early stage:

There was an error loading a Vagrantfile. The file being loaded
and the error message are shown below. This is usually caused by
an invalid or undefined variable.

Path: /srv/shop/Vagrantfile
Line number: 2
Message: undefined local variable or method `foo'

  foo.bar
  ^^^
"""

NO_BOX = """\
The box 'nosuch/box' could not be found or
could not be accessed in the remote catalog. If this is a private
box on HashiCorp's Vagrant Cloud, please verify you're logged in via
`vagrant login`. Also, please double-check the name. The expanded
URL and error message are shown below:

URL: ["https://vagrantcloud.com/api/v2/vagrant/nosuch/box"]
Error: Could not resolve host: vagrantcloud.com
"""

LOCKED = """\
An action 'up' was attempted on the machine 'nginx',
but another process is already executing an action on the machine.
Vagrant locks each machine for access by only one process at a time.
Please wait until the other Vagrant process finishes modifying this
machine, then try again.
"""

PROVISIONER = """\
E: Unable to locate package nginx-lihgt
The SSH command responded with a non-zero exit status. Vagrant
assumes that this means the command failed. The output for this command
should be in the log above. Please read the output to determine what
went wrong.
"""


def explain(text: str) -> ActionFailed | ActionBusy:
    error = failure("up", "nginx", Path("/srv/shop"), text.splitlines())
    assert isinstance(error, ActionFailed | ActionBusy)
    assert "\n" not in error.line
    return error


@pytest.mark.parametrize(
    ("output", "phases"),
    [
        (LIBVIRT_UP, [Phase.CREATE, Phase.START, Phase.BOOT, Phase.PROVISION]),
        (VIRTUALBOX_UP, [Phase.CREATE, Phase.START, Phase.BOOT, Phase.PROVISION]),
    ],
)
def test_phases_of_an_up(output: str, phases: list[Phase]) -> None:
    seen = [phase for phase in map(phase_of, output.splitlines()) if phase]
    assert list(dict.fromkeys(seen)) == phases


def test_a_guest_that_talks_like_vagrant_does_not_move_the_phase() -> None:
    assert phase_of("    nginx: Booting VM...") is None
    assert phase_of("    nginx: ==> nginx: Booting VM...") is None
    assert accelerator_of("    nginx: -- Domain type: kvm") is None


def test_the_domain_type_names_the_accelerator() -> None:
    told = [a for a in map(accelerator_of, LIBVIRT_UP.splitlines()) if a]
    assert told == ["tcg"]
    assert accelerator_of("==> nginx:  -- Domain type:       kvm") == "kvm"


def test_progress() -> None:
    assert is_progress("\r\x1b[KProgress: 41% (Rate: 20M/s, Estimated time remaining: --:--:--)")
    assert not is_progress("==> nginx: Starting domain.")


def test_a_vagrantfile_that_cannot_be_loaded_names_the_line() -> None:
    assert str(explain(SYNTAX)) == (
        "/srv/shop/Vagrantfile cannot be loaded: line 3: syntax error, unexpected `end'"
    )
    assert str(explain(UNDEFINED)) == (
        "/srv/shop/Vagrantfile cannot be loaded: line 2: undefined local variable or method `foo'"
    )


def test_the_cause_vagrant_quotes_is_kept() -> None:
    assert str(explain(NO_BOX)) == (
        "vagrant up nginx failed: The box 'nosuch/box' could not be found or could not be accessed "
        "in the remote catalog. (Could not resolve host: vagrantcloud.com)"
    )


def test_a_lock_is_busy_not_failed() -> None:
    assert isinstance(explain(LOCKED), ActionBusy)


def test_a_machine_of_that_name_that_is_another_is_named() -> None:
    error = explain("Name `shop_web` of domain about to create is already taken. Please try to run")
    assert error.line == (
        "nginx cannot be made: libvirt has another machine named shop_web → "
        "give that one another name: virsh domrename shop_web NEWNAME"
    )


def test_a_failed_provisioner_tells_what_the_guest_said() -> None:
    assert "Unable to locate package nginx-lihgt" in str(explain(PROVISIONER))


def test_silence_is_told() -> None:
    assert reason([]) == "vagrant did not say why"


@given(st.lists(st.text()))
def test_any_output_gives_one_line(lines: list[str]) -> None:
    error = failure("up", "nginx", Path("/srv/shop"), lines)
    assert "\n" not in error.line
    for line in lines:
        phase_of(line)
        accelerator_of(line)


def test_an_error_that_vagrant_did_not_catch_is_one_sentence_without_its_calls() -> None:
    gems = "/usr/share/rubygems-integration/all/gems"
    errors = [
        f"{gems}/fog-core-2.3.0/lib/fog/core/wait_for.rb:9:in `block in wait_for': The specified "
        "wait_for timeout (44.8 seconds) was exceeded (Fog::Errors::TimeoutError)",
        f"\tfrom {gems}/fog-core-2.3.0/lib/fog/core/wait_for.rb:6:in `loop'",
        f"\tfrom {gems}/vagrant-2.3.4/lib/vagrant/action/warden.rb:48:in `call'",
    ]
    said = str(failure("halt", "web", Path("/srv/shop"), errors))
    expected = "vagrant halt web failed: The guest did not do it in the time vagrant waits."
    assert said == expected
    errors[0] = f"{gems}/x.rb:1:in `open': No route to host (Errno::EHOSTUNREACH)"
    said = str(failure("up", "web", Path("/srv/shop"), errors))
    assert said == "vagrant up web failed: No route to host"
