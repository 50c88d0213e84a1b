#!/bin/sh
# Makes a Debian or Ubuntu guest serve redis; safe to run again.
set -eu
here=$(dirname "$(readlink -f "$0")")
export DEBIAN_FRONTEND=noninteractive
if ! command -v redis-server >/dev/null; then
    apt-get update -q
    apt-get install -y -q --no-install-recommends redis-server
fi
cp "$here"/lab.conf /etc/redis/lab.conf
grep -q lab.conf /etc/redis/redis.conf || echo "include /etc/redis/lab.conf" >> /etc/redis/redis.conf
systemctl enable -q redis-server
systemctl restart redis-server
