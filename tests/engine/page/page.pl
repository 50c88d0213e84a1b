# Serves one page over HTTP/1.1, a process a connection.
use strict;
use warnings;
use IO::Socket::INET;

$SIG{CHLD} = 'IGNORE';
$SIG{TERM} = sub { exit 0 };
my $page  = "a page of this test's own\n";
my $reply = sprintf "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", length $page, $page;
my $listener = IO::Socket::INET->new(LocalPort => 8090, Listen => 64, ReuseAddr => 1) or die $!;
while (1) {
    my $client = $listener->accept or next;
    next if fork;
    $client->autoflush(1);
    while (defined(my $line = <$client>)) {
        print $client $reply if $line eq "\r\n";
    }
    exit 0;
}
