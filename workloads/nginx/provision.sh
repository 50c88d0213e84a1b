#!/bin/sh
# Makes a Debian or Ubuntu guest serve the page; safe to run again.
set -eu
here=$(dirname "$(readlink -f "$0")")
export DEBIAN_FRONTEND=noninteractive
if ! command -v nginx >/dev/null; then
    apt-get update -q
    apt-get install -y -q --no-install-recommends nginx-light
fi
cp "$here"/site/* /var/www/html/
# The package starts it; this is for a guest where it was stopped since.
systemctl is-active --quiet nginx || systemctl enable --now nginx
