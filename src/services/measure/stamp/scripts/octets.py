#!/usr/bin/python3
"""Writes scripts/reflector/*.txt: the octets are worked out here from the RFCs, apart from the program that they test. Run it in
this folder; it needs openssl's command line for AES."""
import calendar
import hashlib
import hmac as hmac_of
import subprocess


def z(count):
    return bytes(count)


def u(value, octets):
    return value.to_bytes(octets, "big")


def ntp(hour, minute, second, millisecond=0):
    whole = calendar.timegm((2011, 11, 21, hour, minute, second)) + 2208988800
    return u((whole << 32) + -(-(millisecond << 32) // 1000), 8)


def mac(key, data, algorithm=hashlib.sha256):
    return hmac_of.new(key, data, algorithm).digest()[:16]


AES, HMAC = bytes(range(16)), bytes(range(0x40, 0x60))


def aes(data):
    command = ["openssl", "enc", "-aes-128-cbc", "-K", AES.hex(), "-iv", "00" * 16, "-nopad"]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


ERROR = u(0x8001, 2)
T1 = ntp(11, 59, 59, 900)
T2, T3 = ntp(11, 59, 59, 999), ntp(12, 0, 0)


def question(seq, ssid=0x1234, t1=T1, error=u(0x8c05, 2)):
    return u(seq, 4) + t1 + error + u(ssid, 2) + z(28)


def answer(number, seq, ssid=0x1234, t2=T2, t3=T3, t1=T1, error=u(0x8c05, 2), ttl=255):
    return u(number, 4) + t3 + ERROR + u(ssid, 2) + t2 + u(seq, 4) + t1 + error + z(2) + u(ttl, 1) + z(3)


def sealed_question(key, seq):
    head = u(seq, 4) + z(12) + T1 + u(0x8c05, 2) + u(0x1234, 2) + z(68)
    return head + mac(key, head)


def answer_head(number, seq, ssid=b"\x12\x34", ttl=255):
    return (u(number, 4) + z(12) + T3 + ERROR + ssid + z(4) + T2 + z(8) + u(seq, 4) + z(12) + T1 + u(0x8c05, 2) + z(6) +
            u(ttl, 1) + z(15))


def sealed_answer(key, number, seq):
    head = answer_head(number, seq)
    return head + mac(key, head)


def light(seq, padding=27):
    return u(seq, 4) + T1 + u(0x8c05, 2) + z(padding)


def light_answer(number, seq, more=b"", ttl=255, t2=T2, t3=T3):
    return u(number, 4) + t3 + ERROR + z(2) + t2 + u(seq, 4) + T1 + u(0x8c05, 2) + z(2) + u(ttl, 1) + more


def tlv(flags, kind, value):
    return u(flags, 1) + u(kind, 1) + u(len(value), 2) + value


P = "192.0.2.1:40000"
scripts = {}


def script(name, *lines):
    scripts[name] = "\n".join(lines) + "\n"


def ask(data, peer=P, options=""):
    return f"> {peer} {options}{' ' if options else ''}{data.hex()}"


def told(data, options=""):
    return f"< {options}{' ' if options else ''}{data.hex()}"


script("open", "# A stateful reflector counts its answers for each sender and SSID (RFC 8762 §4.3, RFC 8972 §3).", "at 12:00:00",
       ask(question(0)), told(answer(0, 0)), "# 1 and 2 were lost on the way to it.", ask(question(3), options="ttl=249"),
       told(answer(1, 3, ttl=249)), ask(question(9, ssid=7)), told(answer(0, 9, ssid=7)),
       ask(question(4), peer="[2001:db8::1]:40000"), told(answer(0, 4)), "sessions 3", "at 12:14:59", "sessions 3", "at 12:15:01",
       "sessions 0")
script("stateless", "# A stateless one copies the sender's number, and keeps nothing.", "setting stateless", "at 12:00:00",
       ask(question(0)), told(answer(0, 0)), ask(question(3)), told(answer(3, 3)), "sessions 0",
       "# A sender that stamps in PTP's format gets its stamp back as it was, beside ours in NTP's.",
       ask(question(5, t1=u(0x4eca5c8f35a4e900, 8), error=u(0xcc05, 2))),
       told(answer(5, 5, t1=u(0x4eca5c8f35a4e900, 8), error=u(0xcc05, 2))))
ANA, LUIS = b"ana-s-key", b"luis-s-key"
bad = bytearray(sealed_question(LUIS, 2))
bad[26] ^= 1
script("authenticated", "# RFC 8762 §4.4; the key that fits is the user's.", "setting key ana ana-s-key",
       "setting key luis luis-s-key", "setting keys-only", "at 12:00:00", ask(sealed_question(LUIS, 0)),
       told(sealed_answer(LUIS, 0, 0)), ask(sealed_question(ANA, 1)), told(sealed_answer(ANA, 1, 1)), ask(bytes(bad)),
       "< refused wrong-hmac", ask(sealed_question(b"else", 3)), "< refused wrong-hmac", ask(question(4)), "< refused no-key",
       "# An extension needs the HMAC TLV in authenticated mode (RFC 8972 §4.8): I is set in it.",
       ask(sealed_question(ANA, 5) + tlv(0x80, 6, u(0x10010000, 4))),
       told(sealed_answer(ANA, 2, 5) + tlv(0xa0, 6, u(0x10010000, 4))),
       "# With it, the answer's is over the answer's number and extensions.",
       ask(sealed_question(ANA, 6) + tlv(0x80, 3, z(4)) + tlv(0x80, 8, mac(ANA, u(6, 4) + tlv(0x80, 3, z(4))))),
       told(sealed_answer(ANA, 3, 6) + tlv(0, 3, bytes([1, 2, 1, 2])) + tlv(0, 8, mac(ANA, u(3, 4) + tlv(0, 3, bytes([1, 2, 1, 2])))))
       )
script("extensions", "at 12:00:00", "# Padding, an unknown type, counts of the session.",
       ask(question(0) + tlv(0x80, 1, b"\xde\xad") + tlv(0x80, 200, b"x") + tlv(0x80, 5, u(1, 4) + z(8))),
       told(answer(0, 0) + tlv(0, 1, b"\xde\xad") + tlv(0x80, 200, b"x") + tlv(0, 5, u(1, 4) + u(1, 4) + z(4))),
       "# DSCP 10 is asked for, EF came; the follow-up is of the answer before.",
       ask(question(1) + tlv(0x80, 4, u(10 << 26, 4)) + tlv(0x80, 7, z(16)), options="tos=184"),
       told(answer(1, 1) + tlv(0, 4, u((10 << 26) | (46 << 20), 4)) + tlv(0, 7, z(4) + T3 + b"\2" + z(3)), options="tos=40"),
       "# Malformed: nothing behind it is touched.",
       ask(question(2) + tlv(0x80, 4, z(3)) + tlv(0x80, 3, z(4))), told(answer(2, 2) + tlv(0x40, 4, z(3)) + tlv(0x80, 3, z(4))),
       "# The HMAC TLV in open mode, and no key here.",
       ask(question(3) + tlv(0x80, 8, z(16))), told(answer(3, 3) + tlv(0xa0, 8, z(16))))
script("unmarked", "# RFC 8972 §4.4: local policy does not let the sender choose.", "setting mark-nothing", "at 12:00:00",
       ask(question(0) + tlv(0x80, 4, u(10 << 26, 4)), options="tos=184"),
       told(answer(0, 0) + tlv(0, 4, u((10 << 26) | (46 << 20) | (1 << 16), 4)), options="tos=184"))
script("light", "# TWAMP Light: 41 octets have TWAMP's answer, fewer would be amplified.", "setting stateless", "at 12:00:00",
       ask(light(7)), told(light_answer(7, 7)), ask(light(7, 26)), "< refused too-short", ask(light(7, 0)), "< refused too-short",
       ask(light(7)[:13]), "< refused faulty", "> " + P + " cut " + question(1).hex(), "< refused faulty",
       ask(question(1, error=u(0x8c00, 2))), "< refused faulty")
script("forged", "# Answers go to no reflector and to no more than one host.", "at 12:00:00", ask(question(0), peer="192.0.2.1:862"),
       "< refused reflection", ask(question(0), peer="192.0.2.1:0"), "< refused reflection",
       ask(question(0), peer="224.0.0.1:40000"), "< refused reflection", ask(question(0), peer="0.0.0.0:40000"),
       "< refused reflection", ask(question(0), peer="255.255.255.255:40000"), "< refused reflection",
       ask(question(0), peer="[ff02::1]:40000"), "< refused reflection", ask(question(0), peer="[::]:40000"),
       "< refused reflection", "# Nor is an answer answered, whatever the ports: two reflectors would never end.", ask(answer(0, 0)),
       "< refused reflection", ask(light_answer(0, 0)), "< refused reflection", "sessions 0")
script("limits", "setting allow 192.0.2.0/24", "setting allow 198.51.100.0/24", "setting allow 2001:db8::/32",
       "setting client-sessions 2", "setting sessions 3", "at 12:00:00", ask(question(0), peer="203.0.113.1:40000"),
       "< refused not-allowed", ask(question(0)), told(answer(0, 0)), ask(question(0, ssid=2)), told(answer(0, 0, ssid=2)),
       ask(question(0, ssid=3)), "< refused sessions", ask(question(0), peer="192.0.2.2:40000"), told(answer(0, 0)),
       ask(question(0), peer="192.0.2.3:40000"), "< refused sessions", "sessions 3", "# Those that are idle make room.",
       "at 12:14:00", ask(question(1)), told(answer(1, 1, t2=ntp(12, 13, 59, 999), t3=ntp(12, 14, 0))), "at 12:16:00",
       "sessions 1", ask(question(0, ssid=3)), told(answer(0, 0, ssid=3, t2=ntp(12, 15, 59, 999), t3=ntp(12, 16, 0))))
script("rate", "# Two packets a second; an IPv6 client is its /64.", "setting stateless", "setting rate 2", "at 12:00:00",
       ask(question(0)), told(answer(0, 0)), ask(question(1)), told(answer(1, 1)), ask(question(2)), "< refused rate",
       ask(question(0), peer="[2001:db8::1]:40000"), told(answer(0, 0)), ask(question(1), peer="[2001:db8::2]:40000"),
       told(answer(1, 1)), ask(question(2), peer="[2001:db8::3]:40000"), "< refused rate", "at 12:00:01",
       ask(question(3)), told(answer(3, 3, t2=ntp(12, 0, 0, 999), t3=ntp(12, 0, 1))))


def twamp_question(mode, seq, padding=b""):
    head = u(seq, 4) + z(12) + T1 + u(0x8c05, 2) + z(6)
    covered = 16 if mode == "authenticated" else 32
    return aes(head[:covered]) + head[covered:] + mac(HMAC, head[:covered], hashlib.sha1) + padding


def twamp_answer(mode, number, seq, padding=b""):
    head = answer_head(number, seq, ssid=z(2))
    covered = 16 if mode == "authenticated" else 96
    return aes(head[:covered]) + head[covered:] + mac(HMAC, head[:covered], hashlib.sha1) + padding


for mode in ("authenticated", "encrypted"):
    script(f"twamp_{mode}", "# Granted by a control connection: the answer may be longer (RFC 5357 §4.2.1).", "at 12:00:00",
           f"grant 1 {P} {mode}", ask(twamp_question(mode, 5), options="socket=1"), told(twamp_answer(mode, 0, 5)),
           ask(twamp_question(mode, 6, z(100)), options="socket=1"), told(twamp_answer(mode, 1, 6, z(36))),
           ask(z(48), options="socket=1"), "< refused wrong-hmac", f"revoke 1 {P} 2 2",
           ask(twamp_question(mode, 7), options="socket=1"), "< refused no-session")
script("twamp_open", "# Granted by a control connection, and only what was granted.", "at 12:00:00", f"grant 1 {P} open",
       ask(light(0, 0), options="socket=1"), told(light_answer(0, 0)), ask(light(1, 40), options="socket=1"),
       told(light_answer(1, 1, z(13))), ask(light(0), peer="192.0.2.1:40001", options="socket=1"), "< refused no-session",
       ask(light(0), options="socket=2"), "< refused no-session", f"revoke 1 {P} 2 2",
       "# REFWAIT: 900 s without a packet end it (RFC 5357 §4.2).", f"grant 1 {P} open", "at 12:14:59", "sessions 1",
       ask(light(2), options="socket=1"), told(light_answer(0, 2, t2=ntp(12, 14, 58, 999), t3=ntp(12, 14, 59))),
       "at 12:29:59", "sessions 1", "at 12:30:00", "sessions 0", ask(light(3), options="socket=1"), "< refused no-session")
script("twamp_reflect", "# RFC 6038: octets of the padding are sent back; symmetrical questions have 27 zeros before it.",
       "at 12:00:00", f"grant 1 {P} open reflect=4", ask(light(0, 0) + b"abcdef" + z(30), options="socket=1"),
       told(light_answer(0, 0, b"abcd" + z(5))), ask(light(1, 0) + b"abcdef", options="socket=1"),
       told(light_answer(1, 1, b"abcd")), "grant 2 192.0.2.1:40001 open reflect=4 symmetrical",
       ask(light(0, 27) + b"abcdef", peer="192.0.2.1:40001", options="socket=2"), told(light_answer(0, 0, b"abcd" + z(2))))

for name, text in scripts.items():
    with open(f"reflector/{name}.txt", "w", encoding="utf-8") as out:
        out.write(text)
