#!/bin/sh
set -eu
here=$(dirname "$(readlink -f "$0")")
cp "$here"/page.pl /usr/local/lib/page.pl
cat > /etc/systemd/system/page.service <<UNIT
[Service]
ExecStart=/usr/bin/perl /usr/local/lib/page.pl
[Install]
WantedBy=multi-user.target
UNIT
systemctl enable -q --now page
until perl -MIO::Socket::INET -e 'exit !IO::Socket::INET->new(PeerAddr => "127.0.0.1:8090")'; do
    sleep 0.2
done
