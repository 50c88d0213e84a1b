#!/bin/sh
# Makes a Debian or Ubuntu guest run sysbench and say so on a port; safe to run again.
set -eu
here=$(dirname "$(readlink -f "$0")")
export DEBIAN_FRONTEND=noninteractive
if ! command -v sysbench >/dev/null || ! command -v socat >/dev/null; then
    apt-get update -q
    apt-get install -y -q --no-install-recommends socat sysbench
fi
cp "$here"/twindeck-cpu.service /etc/systemd/system/
systemctl daemon-reload
systemctl enable -q twindeck-cpu
systemctl restart twindeck-cpu
