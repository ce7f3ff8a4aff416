#!/usr/bin/env python3
"""Works out the test packets of codec_packet_test.cpp from RFC 4656 §4.1.2, with hashlib and the cryptography module."""
import hashlib, hmac, struct
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

AES_KEY, HMAC_KEY, SID = bytes(range(0x40, 0x50)), bytes(range(0x60, 0x80)), bytes(range(0xA0, 0xB0))


def encrypt(key, mode, data):
    e = Cipher(algorithms.AES(key), mode).encryptor()
    return e.update(data) + e.finalize()


aes = encrypt(SID, modes.ECB(), AES_KEY)
mac_key = encrypt(SID, modes.CBC(bytes(16)), HMAC_KEY)
sequence, stamp, error = struct.pack(">I", 0x01020304), struct.pack(">Q", 0xD274BBC080000000), bytes([0x8C, 5])
mac = lambda text: hmac.new(mac_key, text, hashlib.sha1).digest()[:16]
first, second, padding = sequence + bytes(12), stamp + error + bytes(6), bytes(3)
print("open", (sequence + stamp + error + padding).hex())
print("authenticated", (encrypt(aes, modes.ECB(), first) + second + mac(first) + padding).hex())
print("encrypted", (encrypt(aes, modes.CBC(bytes(16)), first + second) + mac(first + second) + padding).hex())
