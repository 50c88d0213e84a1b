#!/bin/sh
# Makes a Debian or Ubuntu guest serve PostgreSQL; safe to run again.
set -eu
here=$(dirname "$(readlink -f "$0")")
export DEBIAN_FRONTEND=noninteractive
if ! command -v psql >/dev/null; then
    apt-get update -q
    apt-get install -y -q --no-install-recommends postgresql
fi
sh "$here"/configure.sh
systemctl enable -q postgresql
systemctl restart postgresql
