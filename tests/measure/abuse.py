#!/usr/bin/env python3
"""What somebody might do to a measurement server, for abuse.sh; nothing of Quipu's: abuse.py SERVER WHAT…

Prints what came of it. Control messages by RFC 4656 §3 and RFC 5357 §3 in open mode."""
import socket, struct, sys, time

SERVER = sys.argv[1]
THIRD = "198.51.100.7"


def address(text):
    return socket.inet_aton(text) + bytes(12)


def whole(connection, octets):
    out = b""
    while len(out) < octets:
        got = connection.recv(octets - len(out))
        if not got:
            raise EOFError(f"the server hung up after {len(out)} octets")
        out += got
    return out


def connect(port):
    connection = socket.create_connection((SERVER, port))
    connection.settimeout(20)
    modes = struct.unpack(">I", whole(connection, 64)[12:16])[0]
    return connection, modes


def set_up(port):
    connection, modes = connect(port)
    assert modes & 1, modes
    connection.sendall(struct.pack(">I", 1) + bytes(160))
    assert whole(connection, 48)[15] == 0
    return connection


def one_way(connection, packets=100, padding=0, gap=0.1, other=None, sends=0, receives=1, timeout=2):
    own = connection.getsockname()[0]
    client, server = address(other or own), address(SERVER)
    sender, receiver = (client, server) if receives else (server, client)
    ports = (40000, 0) if receives else (0, 40000)
    text = struct.pack(">BBBBIIHH", 1, 4, sends, receives, 1, packets, *ports) + sender + receiver + bytes(16)
    text += struct.pack(">IQQI8x", padding, int((time.time() + 2208988800) * 2**32), timeout << 32, 0)
    slot = struct.pack(">B7xQ", 1, int(gap * 2**32))
    connection.sendall(text + bytes(16) + slot + bytes(16))
    return whole(connection, 48)[0]


def two_way(connection, port=40000, other=None, padding=27):
    own = connection.getsockname()[0]
    text = struct.pack(">BBBBIIHH", 5, 4, 0, 0, 0, 0, port, 20000) + address(other or own) + address(SERVER) + bytes(16)
    text += struct.pack(">IQQI8x", padding, int((time.time() + 2208988800) * 2**32), 2 << 32, 0)
    connection.sendall(text + bytes(16))
    return whole(connection, 48)[0]


def question(sequence=0, octets=44):
    now = int((time.time() + 2208988800) * 2**32)
    return (struct.pack(">IQHH", sequence, now, 0x8001, 7) + bytes(28))[:octets]


def forge(source, destination, data):
    """A UDP datagram with somebody else's address and port."""
    udp = struct.pack(">HHHH", source[1], destination[1], 8 + len(data), 0)
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp) + len(data), 1, 0, 64, socket.IPPROTO_UDP, 0,
                       socket.inet_aton(source[0]), socket.inet_aton(destination[0]))
    raw.sendto(head + udp + data, destination)


class Seen:
    """UDP datagrams on the loopback, as (source port, destination address and port)."""

    def __init__(self):
        self.packets = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
        self.packets.bind(("lo", 0))
        self.packets.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)

    def until_quiet(self, quiet=0.5, most=10_000):
        out = []
        self.packets.settimeout(quiet)
        try:
            while len(out) < most:
                data, where = self.packets.recvfrom(2048)
                if where[2] == socket.PACKET_OUTGOING or data[9] != socket.IPPROTO_UDP:
                    continue
                source, destination = struct.unpack(">HH", data[20:24])
                out.append((source, socket.inet_ntoa(data[16:20]), destination, len(data) - 28))
        except TimeoutError:
            pass
        return out


def main():
    what = sys.argv[2]
    if what == "one-way":
        connection = set_up(861)
        print("packets", one_way(connection, packets=10**9))
        print("padding", one_way(connection, padding=65_000))
        print("rate", one_way(connection, gap=0))
        print("third-party", one_way(connection, other=THIRD, sends=1, receives=0))
        print("both-ends", one_way(connection, sends=1, receives=1))
        print("timeout", one_way(connection, timeout=100_000))
        print("honest", one_way(connection))
    elif what == "many-sessions":
        connection = set_up(861)
        answers = [one_way(connection, gap=1) for _ in range(2000)]
        print("accepted", answers.count(0), "refused", answers.count(5))
    elif what == "third-party":
        print("third-party", one_way(set_up(861), other=sys.argv[3], sends=1, receives=0))
    elif what == "two-way":
        connection = set_up(862)
        print("third-party", two_way(connection, other=THIRD))
        print("reflector", two_way(connection, port=862))
        print("padding", two_way(connection, padding=65_000))
        print("honest", two_way(connection))
    elif what == "connections":
        held, accepts = [], []
        for _ in range(40):
            held.append(connect(861)[0])
            held[-1].sendall(struct.pack(">I", 1) + bytes(160))
            accepts.append(whole(held[-1], 48)[15])
        print("accepted", accepts.count(0), "refused", accepts.count(1))
    elif what == "short":
        asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        asker.settimeout(0.5)
        for octets in (0, 14, 40):
            asker.sendto(question(octets=octets), (SERVER, 862))
        try:
            print("answered", len(asker.recv(2048)))
        except TimeoutError:
            print("answered", 0)
    elif what == "forged":
        seen = Seen()
        for source in ((THIRD, 862), ("224.0.0.1", 40000), ("255.255.255.255", 40000)):
            try:
                forge(source, (SERVER, 862), question())
            except OSError:
                pass  # the kernel itself sends no such packet
        print("answers", sum(source == 862 and port != 862 or where != SERVER for source, where, port, _ in seen.until_quiet()))
    elif what == "loop":
        # One forged question sets a reflector on another: ports that are nobody's well-known ones.
        first, second = int(sys.argv[3]), int(sys.argv[4])
        seen = Seen()
        forge((SERVER, second), (SERVER, first), question())
        between = [p for p in seen.until_quiet() if {p[0], p[2]} == {first, second}]
        print("datagrams", len(between))
    elif what == "flood":
        asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for n in range(3000):
            asker.sendto(question(n), (SERVER, int(sys.argv[3])))
        asker.settimeout(0.5)
        got = 0
        try:
            while True:
                asker.recv(2048)
                got += 1
        except TimeoutError:
            print("answered", got)


main()
