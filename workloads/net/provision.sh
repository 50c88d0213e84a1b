#!/bin/sh
# Makes a Debian or Ubuntu guest serve iperf3; safe to run again.
set -eu
here=$(dirname "$(readlink -f "$0")")
export DEBIAN_FRONTEND=noninteractive
if ! command -v iperf3 >/dev/null; then
    apt-get update -q
    apt-get install -y -q --no-install-recommends iperf3
fi
cp "$here"/twindeck-net.service /etc/systemd/system/
systemctl daemon-reload
systemctl enable -q twindeck-net
systemctl restart twindeck-net
