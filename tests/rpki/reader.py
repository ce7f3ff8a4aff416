"""An RTR client over a program's pipes, reader.py PROGRAM…: asks for everything, prints what it is told as lines of quipu's csv, and
ends at End of Data."""

import ipaddress, struct, subprocess, sys
peer = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
peer.stdin.write(struct.pack(">BBHI", 1, 2, 0, 8))  # Reset Query, RFC 8210 §5.4
peer.stdin.flush()
while True:
    version, kind, _, length = struct.unpack(">BBHI", peer.stdout.read(8))
    body = peer.stdout.read(length - 8)
    if kind in (4, 6):
        _, bits, most, _ = struct.unpack(">BBBB", body[:4])
        address = ipaddress.ip_address(body[4:-4])
        print("AS%d,%s/%d,%d,x" % (struct.unpack(">I", body[-4:])[0], address, bits, most))
    elif kind == 7:
        break
    elif kind not in (3, 9, 11):  # Cache Response, Router Key, ASPA
        sys.exit("a PDU of type %d" % kind)
peer.kill()
