#!/bin/sh
# Makes a Debian or Ubuntu guest run fio and say so on a port; safe to run again.
set -eu
here=$(dirname "$(readlink -f "$0")")
export DEBIAN_FRONTEND=noninteractive
if ! command -v fio >/dev/null || ! command -v socat >/dev/null; then
    apt-get update -q
    apt-get install -y -q --no-install-recommends socat fio
fi
mkdir -p /data
cp "$here"/twindeck-disk.service /etc/systemd/system/
systemctl daemon-reload
systemctl enable -q twindeck-disk
systemctl restart twindeck-disk
