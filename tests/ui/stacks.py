"""Two stacks as a host with one pair has them."""

from __future__ import annotations

from tui.core.architecture import Gauge, Layer, LayerName, Proof, Stack
from tui.model import SideName

_HOST = (
    Layer(
        LayerName.HOST_KERNEL,
        "host kernel",
        "Linux 6.1.0-18-amd64, boot 3f2a77c1",
        gauge=Gauge.HOST,
        proof=Proof(("uname", "-sr"), shown="uname -sr"),
    ),
    Layer(
        LayerName.HARDWARE,
        "hardware",
        "AMD EPYC 7B13, 8 cores, 31.3 GiB, AMD-V",
        gauge=Gauge.HOST,
        proof=Proof(("lscpu",), shown="lscpu"),
    ),
)
TOP = "docker top 0123456789ab -eo pid,nlwp,rss,comm"
VM_STACK = Stack(
    "vm:nginx",
    SideName.VM,
    (
        Layer(
            LayerName.PROCESSES,
            "processes",
            "nginx ×3 of 41 processes, of which the host sees none",
        ),
        Layer(LayerName.USERLAND, "guest userland", "Debian GNU/Linux 12 (bookworm), init systemd"),
        Layer(LayerName.GUEST_KERNEL, "guest kernel", "Linux 6.1.0-18-amd64", gauge=Gauge.GUEST),
        Layer(LayerName.DEVICES, "virtual devices", "virtio NIC on vagrant-libvirt, BIOS"),
        Layer(
            LayerName.HYPERVISOR,
            "hypervisor",
            "qemu-system-x86_64 pid 4711, 9 threads, kvm",
            gauge=Gauge.INSTANCE,
            pids=(4711,),
        ),
        *_HOST,
    ),
)
CONTAINER_STACK = Stack(
    "container:nginx",
    SideName.CONTAINER,
    (
        Layer(
            LayerName.PROCESSES,
            "processes",
            "nginx ×3, seen by the host as pid 21, 22, 23",
            gauge=Gauge.PIDS,
            pids=(21, 22, 23),
            proof=Proof(("docker", "top"), shown=TOP),
        ),
        Layer(LayerName.IMAGE, "image", "twindeck/nginx:latest: 4 layers, 98.0 MiB, read-only"),
        Layer(LayerName.NAMESPACES, "namespaces", "its own: mnt, pid, net, ipc, uts, cgroup"),
        Layer(
            LayerName.CGROUP,
            "control group",
            "v2 /system.slice/docker-0123.scope",
            gauge=Gauge.INSTANCE,
        ),
        Layer(
            LayerName.ENGINE, "container engine", missing="no process of it is seen on this host"
        ),
        *_HOST,
    ),
)
PRINTED = "PID  NLWP  RSS   COMMAND\n21   1     4020  nginx\n22   1     3100  nginx"
