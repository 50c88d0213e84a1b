#!/bin/sh
# What both sides do to the cluster that the package made; safe to run again.
set -eu
here=$(dirname "$(readlink -f "$0")")
for cluster in /etc/postgresql/*/main; do
    cp "$here"/lab.conf "$cluster"/conf.d/lab.conf
    grep -q 'all all all scram-sha-256' "$cluster"/pg_hba.conf ||
        echo 'host all all all scram-sha-256' >> "$cluster"/pg_hba.conf
done
