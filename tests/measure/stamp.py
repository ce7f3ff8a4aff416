"""What scapy says of our STAMP packets and we of its: `reflect PORT` is a reflector whose answers scapy builds and that loses
packets by plan; `ask ADDRESS PORT` sends what scapy builds and dissects the answers. Either names the first thing that is wrong."""
import socket
import sys
import time

from scapy.contrib.stamp import (ErrorEstimate, STAMPSessionReflectorTestUnauthenticated, STAMPSessionSenderTestUnauthenticated,
                                 STAMPTestTLV)
from scapy.layers.inet import UDP

NTP_1970 = 2208988800
# The next twelve questions: 2 and 5 never "arrive", the answers of 3 and 7 are "lost". A duplicate of 4.
UNSEEN, UNANSWERED, TWICE = {2, 5}, {3, 7}, {4}


def right(what, condition):
    if not condition:
        sys.exit(f"not so: {what}")


def dissected(form, data):
    # scapy 2.5 looks for the datagram's length in a parent that only we can give it.
    return form(data, _parent=UDP(len=8 + len(data)))


def reflect(port):
    here = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    here.bind(("127.0.0.1", port))
    here.settimeout(60)
    print(here.getsockname()[1], flush=True)
    counter = 0
    for expected in range(12):
        data, peer = here.recvfrom(2048)
        received = time.time()
        question = dissected(STAMPSessionSenderTestUnauthenticated, data)
        right(f"question {expected} has its number", question.seq == expected)
        right("its session identifier is not zero", question.ssid != 0)
        right("its octets that must be zero are", question.mbz == 0)
        right("its clock's error is of NTP's format", question.err_estimate.Z == 0 and question.err_estimate.multiplier > 0)
        right("its time is now", abs(question.ts - NTP_1970 - received) < 60)
        # scapy 2.5 names the flags from the wrong end: U is the first bit (RFC 8972 §4).
        right("it has padding", [(int(t.flags), t.type, t.len) for t in question.tlv_objects] == [(0x80, 1, 52)])
        right("scapy builds the same octets", bytes(question) == data)
        if expected in UNSEEN:
            continue
        answer = STAMPSessionReflectorTestUnauthenticated(
            seq=counter, ts=time.time() + NTP_1970, err_estimate=ErrorEstimate(S=1, Z=0, scale=14, multiplier=2), ssid=question.ssid,
            ts_rx=received + NTP_1970, seq_sender=question.seq, ts_sender=question.ts,
            err_estimate_sender=question.err_estimate, ttl_sender=61,
            tlv_objects=[STAMPTestTLV(flags=0, type=1, len=52, value=question.tlv_objects[0].value)])
        counter += 1
        if expected in UNANSWERED:
            continue
        for _ in range(2 if expected in TWICE else 1):
            here.sendto(bytes(answer), peer)


def ask(address, port):
    there = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    there.settimeout(20)
    there.connect((address, port))
    there.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 77)
    for sent, number in enumerate((0, 1, 5)):
        now = time.time() + NTP_1970
        tlvs = [STAMPTestTLV(flags=0x80, type=1, len=6, value=b"quipu!"), STAMPTestTLV(flags=0x80, type=240, len=2, value=b"??"),
                STAMPTestTLV(flags=0x80, type=3, len=4, value=bytes(4)), STAMPTestTLV(flags=0x80, type=5, len=12, value=bytes(12))]
        question = STAMPSessionSenderTestUnauthenticated(seq=number, ts=now, err_estimate=ErrorEstimate(S=1, scale=3, multiplier=9),
                                                         ssid=4711, tlv_objects=tlvs)
        there.send(bytes(question))
        data = there.recv(2048)
        answer = dissected(STAMPSessionReflectorTestUnauthenticated, data)
        right("question and answer are equally long", len(data) == len(bytes(question)))
        right("the reflector counts", answer.seq == sent)
        right("the sender's part is as it was", (answer.seq_sender, answer.ssid, answer.ttl_sender) == (number, 4711, 77))
        right("the sender's clock is as it was", bytes(answer.err_estimate_sender) == bytes(question.err_estimate)
              and data[28:36] == bytes(question)[4:12])
        right("it came before it went", answer.ts_rx <= answer.ts and answer.ts - answer.ts_rx < 20)
        right("it came now", abs(answer.ts_rx - now) < 20)
        right("what must be zero is", answer.mbz1 == 0 and answer.mbz2 == 0)
        right("its clock's error is told", answer.err_estimate.multiplier > 0 and answer.err_estimate.Z == 0)
        found = [(data[at], tlv.type, bytes(tlv.value)) for at, tlv in zip((44, 54, 60, 68), answer.tlv_objects)]
        right(f"padding comes back: {found}", found[0] == (0, 1, b"quipu!"))
        right("an unknown type has U", found[1] == (0x80, 240, b"??"))
        right("stamps are by software", found[2][0] == 0 and found[2][2][1] == 2 and found[2][2][3] == 2)
        right("packets are counted", found[3] == (0, 5, bytes(4) + (sent + 1).to_bytes(4, "big") + sent.to_bytes(4, "big")))
        right("scapy builds the same octets", bytes(answer) == data)


if sys.argv[1] == "reflect":
    reflect(int(sys.argv[2]))
else:
    ask(sys.argv[2], int(sys.argv[3]))
