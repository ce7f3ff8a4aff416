#!/usr/bin/env python3
"""Works out the octets of control/*.txt and twamp_client/*.txt from RFC 4656, RFC 5357 and RFC 5938, with hashlib and the
cryptography module and nothing of Quipu's. Run it in this folder."""
import hashlib, hmac, struct
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

PHRASE = b"los nudos hablan"
CHALLENGE = bytes(range(0x10, 0x20))
SALT = bytes(range(0x20, 0x30))
COUNT = 2048
AES_KEY = bytes(range(0x40, 0x50))
HMAC_KEY = bytes(range(0x60, 0x80))
CLIENT_IV = bytes(range(0x80, 0x90))
SERVER_IV = bytes(range(0x90, 0xA0))
SID = bytes(range(0xA0, 0xB0))
SID2 = bytes(range(0xB0, 0xC0))


def cbc(key, iv, data):
    e = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return e.update(data) + e.finalize()


class Stream:
    """One direction: AES-CBC that never restarts; each HMAC covers what went since the last one (RFC 4656 §3.2)."""

    def __init__(self, protected, iv):
        self.cipher = Cipher(algorithms.AES(AES_KEY), modes.CBC(iv)).encryptor() if protected else None
        self.since = b""

    def text(self, data):
        assert len(data) % 16 == 0, len(data)
        self.since += data
        return self.cipher.update(data) if self.cipher else data

    def digest(self):
        mac = hmac.new(HMAC_KEY, self.since, hashlib.sha1).digest()[:16]
        self.since = b""
        return self.cipher.update(mac) if self.cipher else bytes(16)


def pad(data):
    return data + bytes(-len(data) % 16)


def addr(text):
    if ":" in text:
        import socket
        return socket.inet_pton(socket.AF_INET6, text)
    return bytes(int(x) for x in text.split(".")) + bytes(12)


def request(s, two_way, v6, snd, rcv, packets, sport, rport, sender, receiver, sid, padding, start, timeout, typep, refl, reflpad, slots):
    text = struct.pack(">BBBBIIHH", 5 if two_way else 1, 6 if v6 else 4, snd, rcv, len(slots), packets, sport, rport)
    text += addr(sender) + addr(receiver) + sid + struct.pack(">IQQIHHI", padding, start, timeout, typep, refl, reflpad, 0)
    out = s.text(text) + s.digest()
    if not two_way:
        for kind, parameter in slots:
            out += s.text(struct.pack(">B7xQ", kind, parameter))
        out += s.digest()
    return out


def request_line(two_way, v6, snd, rcv, packets, sport, rport, sender, receiver, sid, padding, start, timeout, typep, refl, reflpad, slots):
    names = ",".join(("exponential" if k == 0 else "fixed") + ":%x" % p for k, p in slots) or "none"
    return (f"request two-way={two_way:d} ipv6={v6:d} sends={snd} receives={rcv} packets={packets} ports={sport}:{rport} sender={sender} "
            f"receiver={receiver} sid={sid.hex()} padding={padding} start={start:x} timeout={timeout:x} type-p={typep:x} reflect={refl}:{reflpad} slots={names}")


REQUESTS = [
    (False, False, 0, 1, 100, 5001, 0, "192.0.2.1", "192.0.2.2", bytes(16), 27, 0xD274BBC080000000, 2 << 32, 0x2E000000, 0, 0,
     [(0, 0x19999999)]),
    (False, True, 1, 0, 10, 0, 6001, "2001:db8::1", "2001:db8::2", SID2, 0, 0xD274BBC000000000, 0x300000000, 0, 0, 0,
     [(1, 1 << 30), (0, 1 << 31), (1, 3)]),
]
TW = (True, False, 0, 0, 0, 7001, 862, "192.0.2.1", "192.0.2.2", bytes(16), 41, 0xD274BBC080000000, 2 << 32, 0, 20, 10, [])


def script(title, mode, two_way, from_client):
    protected = mode != 1
    lines = [f"# {title}", "# Octets by scripts/octets.py from the text of the RFCs: hashlib and the cryptography module, nothing of ours."]
    say = lines.append

    def put(line, octets):
        say(line)
        for i in range(0, len(octets), 32):
            say(("= " if i == 0 else "+ ") + octets[i:i + 32].hex(" ", 4))

    s = Stream(protected, CLIENT_IV if from_client else SERVER_IV)
    say(f"two-way {two_way:d}")
    if protected:
        key = hashlib.pbkdf2_hmac("sha1", PHRASE, SALT, COUNT, 16)
        say(f"shared-key phrase={PHRASE.decode().replace(' ', '_')} salt={SALT.hex()} count={COUNT} key={key.hex()}")
        say(f"keys aes={AES_KEY.hex()} hmac={HMAC_KEY.hex()}")
    if from_client:
        token = cbc(key, bytes(16), CHALLENGE + AES_KEY + HMAC_KEY) if protected else bytes(64)
        if protected:
            put(f"token challenge={CHALLENGE.hex()}", token)
        user = b"panama" if protected else b""
        iv = CLIENT_IV if protected else bytes(16)
        put(f"set-up mode={mode} key-id={user.decode() or '-'} token={token.hex()} iv={iv.hex()}",
            struct.pack(">I80s", mode, user) + token + iv)
        if protected:
            say(f"protect iv={CLIENT_IV.hex()}")
        for r in [TW] if two_way else REQUESTS:
            put(request_line(*r), request(s, *r))
        put("start", s.text(bytes([2]) + bytes(15)) + s.digest())
        if two_way:
            # RFC 5938 §3.2, §3.4: the number, 11 zeros, how many, their names.
            for number, name, sids in ((7, "start-n", [SID, SID2]), (9, "stop-n", [SID2])):
                put(f"{name} accept=0 sids={','.join(sid.hex() for sid in sids)}",
                    s.text(bytes([number]) + bytes(11) + struct.pack(">I", len(sids)) + b"".join(sids)) + s.digest())
            put("stop accept=0 count=1 sessions=none", s.text(bytes([3, 0, 0, 0]) + struct.pack(">I8x", 1)) + s.digest())
        else:
            body = bytes([3, 0, 0, 0]) + struct.pack(">I8x", 2)
            body += pad(SID + struct.pack(">II", 100, 1) + struct.pack(">II", 17, 19))
            body += pad(SID2 + struct.pack(">II", 8, 2) + struct.pack(">IIII", 0, 0, 3, 4))
            put(f"stop accept=0 count=0 sessions={SID.hex()}/100/17-19,{SID2.hex()}/8/0-0/3-4", s.text(body) + s.digest())
            put(f"fetch first=0 last=4294967295 sid={SID.hex()}", s.text(struct.pack(">B7xII", 4, 0, 0xFFFFFFFF) + SID) + s.digest())
    else:
        modes_ = {True: 1 | 2 | 4 | 8 | 16 | 32 | 64, False: 7}[two_way]
        put(f"greeting modes={modes_} challenge={CHALLENGE.hex()} salt={SALT.hex()} count={COUNT}",
            bytes(12) + struct.pack(">I", modes_) + CHALLENGE + SALT + struct.pack(">I12x", COUNT))
        start = 0xD274000000000000
        # Start-Time and the octets behind it are the first block of the stream, and in the first HMAC.
        put(f"server-start accept=0 iv={SERVER_IV.hex()} time={start:x}",
            bytes(15) + b"\0" + SERVER_IV + s.text(struct.pack(">Q8x", start)))
        put(f"accept accept=0 port=8761 sid={SID.hex()} reflect={'20:7' if two_way else '0:0'}",
            s.text(struct.pack(">BxH", 0, 8761) + SID + struct.pack(">HH8x", *((20, 7) if two_way else (0, 0)))) + s.digest())
        put(f"accept accept=4 port=0 sid={bytes(16).hex()} reflect=0:0", s.text(bytes([4]) + bytes(31)) + s.digest())
        put("start-ack accept=0", s.text(bytes(16)) + s.digest())
        if two_way:
            # RFC 5938 §3.3, §3.5: as the commands, with Accept in the second octet.
            for number, name, accept, sids in ((8, "start-n-ack", 0, [SID, SID2]), (10, "stop-n-ack", 1, [SID2])):
                put(f"{name} accept={accept} sids={','.join(sid.hex() for sid in sids)}",
                    s.text(bytes([number, accept]) + bytes(10) + struct.pack(">I", len(sids)) + b"".join(sids)) + s.digest())
            return "\n".join(lines) + "\n"
        put("stop accept=0 count=0 sessions=none", s.text(bytes([3, 0, 0, 0]) + bytes(12)) + s.digest())
        put("fetch-ack accept=0 finished=1 next=3 skips=1 records=2", s.text(bytes([0, 1, 0, 0]) + struct.pack(">III", 3, 1, 2)) + s.digest())
        r = REQUESTS[0]
        octets = request(s, *r)
        octets += s.text(pad(struct.pack(">II", 2, 2))) + s.digest()
        records = struct.pack(">IBBBBQQB", 0, 0x8C, 5, 0x8D, 6, 0xD274BBC081000000, 0xD274BBC082000001, 254)
        records += struct.pack(">IBBBBQQB", 1, 0, 1, 0x8D, 6, 0xD274BBC091000000, 0, 255)
        octets += s.text(pad(records)) + s.digest()
        put("fetched skips=2-2 records=0/8c05/8d06/d274bbc081000000/d274bbc082000001/254,1/0001/8d06/d274bbc091000000/0/255 " + request_line(*r), octets)
    return "\n".join(lines) + "\n"


for mode, name in ((1, "open"), (2, "authenticated"), (4, "encrypted")):
    for two_way in (False, True):
        for from_client in (True, False):
            what = ("twamp" if two_way else "owamp") + f"_{name}_{'client' if from_client else 'server'}"
            with open(f"control/{what}.txt", "w") as out:
                out.write(script(f"{'TWAMP' if two_way else 'OWAMP'}-Control in {name} mode: what the {'client' if from_client else 'server'} says.", mode, two_way, from_client))
with open("control/twamp_mixed_client.txt", "w") as out:
    out.write(script("TWAMP-Control in mixed mode (RFC 5618: test packets open, control as in encrypted mode): what the client says.", 8, True, True))


class Conversation:
    """What twping says and is told (scripts/twamp_client/*.txt), up to where the sessions are to be started."""

    def __init__(self, mode, offered=127, by_name="offered"):
        self.lines = []
        security = mode & 15 or 1
        protected = security != 1
        self.server, self.client = Stream(protected, SERVER_IV), Stream(protected, CLIENT_IV)
        user = "panama" if protected else "-"
        self.say(f"client modes={security} user={user} phrase={PHRASE.decode().replace(' ', '_') if protected else '-'} by-name={by_name}")
        self.put("<", bytes(12) + struct.pack(">I", offered) + CHALLENGE + SALT + struct.pack(">I12x", COUNT))
        if not mode:
            return
        key = hashlib.pbkdf2_hmac("sha1", PHRASE, SALT, COUNT, 16)
        token = cbc(key, bytes(16), CHALLENGE + AES_KEY + HMAC_KEY) if protected else bytes(64)
        self.put(">", struct.pack(">I80s", mode, b"panama" if protected else b"") + token + (CLIENT_IV if protected else bytes(16)))
        self.put("<", bytes(16) + SERVER_IV + self.server.text(struct.pack(">Q8x", 0xD274000000000000)))
        padding = 64 if security in (2, 4) else 27
        self.put(">", request(self.client, True, False, 0, 0, 0, 7001, 7001, "192.0.2.1", "192.0.2.2", bytes(16), padding, 0xD274BBC080000000,
                              2 << 32, 0x2E000000, 0, 0, []))
        self.put("<", self.server.text(struct.pack(">BxH", 0, 8761) + SID + bytes(12)) + self.server.digest())

    def say(self, line):
        self.lines.append(line)

    def put(self, who, octets):
        for i in range(0, len(octets), 32):
            self.say((f"{who} " if i == 0 else "+ ") + octets[i:i + 32].hex(" ", 4))

    def message(self, who, octets):
        stream = self.client if who == ">" else self.server
        self.put(who, stream.text(octets) + stream.digest())

    def named(self, who, number, sids, accept=0):
        """RFC 5938 §3.2 to §3.5."""
        self.message(who, bytes([number, accept]) + bytes(10) + struct.pack(">I", len(sids)) + b"".join(sids))

    def started(self, mode):
        self.named(">", 7, [SID])
        self.named("<", 8, [SID])
        self.say(f"running mode={mode} reflector=192.0.2.2:8761")

    def plainly(self):
        self.message(">", bytes([2]) + bytes(15))
        self.message("<", bytes(16))
        self.say("running mode=open reflector=192.0.2.2:8761")
        self.say("stop")
        self.message(">", bytes([3, 0, 0, 0]) + struct.pack(">I8x", 1))
        self.say("stopped")


def conversations(name, title, *several):
    with open(f"twamp_client/{name}.txt", "w") as out:
        out.write(f"# {title}\n# Octets by octets.py from the text of the RFCs: hashlib and the cryptography module, nothing of ours.\n")
        out.write(f"secrets {AES_KEY.hex()} {HMAC_KEY.hex()} {CLIENT_IV.hex()}\n")
        for conversation in several:
            out.write("\n".join(conversation.lines) + "\n")


for mode, name, test in ((1, "open", "open"), (2, "authenticated", "authenticated"), (4, "encrypted", "encrypted"), (8, "mixed", "open")):
    c = Conversation(mode | 16)
    c.started(test)
    c.say("stop")
    c.named(">", 9, [SID])
    c.named("<", 10, [SID])
    c.say("stopped")
    conversations(f"by_name_{name}", f"twping in {name} mode: its session is started and stopped by name (RFC 5938).", c)

refused, unoffered, off = Conversation(0, 1, "demanded"), Conversation(1, 111), Conversation(1, 127, "never")
refused.say("fails does not start and stop sessions by name")
unoffered.plainly()
off.plainly()
conversations("plainly", "twping with a server that has no names, and where they are switched off: Start-Sessions and Stop-Sessions (RFC 5357).",
              refused, unoffered, off)

faults = []
for number, sids, accept, why in (
        (8, [SID2], 0, "acknowledges the start of another session"), (8, [], 0, "acknowledges the start of another session"),
        (8, [SID, SID2], 0, "2 session names, and at most 1 are read"), (8, [SID], 1, "the start was refused: failure"),
        (8, [SID], 5, "the start was refused: temporary-limit"), (10, [SID], 0, "answers the start with message 10"),
        (0, [], 0, "message 0 names no sessions")):
    faults.append(Conversation(1 | 16))
    faults[-1].named(">", 7, [SID])
    faults[-1].named("<", number, sids, accept)
    faults[-1].say(f"fails {why}")
for number, sids, accept, why in (
        (10, [SID2], 0, "acknowledges the stop of another session"), (10, [SID], 1, "the stop was refused: failure"),
        (8, [SID], 0, "answers the stop with message 8"), (11, [SID], 0, "message 11 names no sessions")):
    faults.append(Conversation(1 | 16))
    faults[-1].started("open")
    faults[-1].say("stop")
    faults[-1].named(">", 9, [SID])
    faults[-1].named("<", number, sids, accept)
    faults[-1].say(f"fails {why}")
for mode in (2, 4, 8):
    # One bit of the HMAC is another one: under CBC its whole block.
    faults.append(c := Conversation(mode | 16))
    c.named(">", 7, [SID])
    octets = c.server.text(bytes([8]) + bytes(11) + struct.pack(">I", 1) + SID) + c.server.digest()
    c.put("<", octets[:-1] + bytes([octets[-1] ^ 1]))
    c.say("fails HMAC")
conversations("faults", "Acknowledgements that twping does not take.", *faults)
