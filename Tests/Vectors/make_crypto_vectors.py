#!/usr/bin/env python3
"""Prints Tests/SSHCryptoTests/Vectors/{Packet,Signature}Vectors.swift: known answers by implementations other than ours.

    python3 Tests/Vectors/make_crypto_vectors.py packets    > Tests/SSHCryptoTests/Vectors/PacketVectors.swift
    python3 Tests/Vectors/make_crypto_vectors.py signatures > Tests/SSHCryptoTests/Vectors/SignatureVectors.swift
    swift format -i Tests/SSHCryptoTests/Vectors/*.swift

ChaCha20 and Poly1305 are written out below from RFC 8439, and checked against its own examples first; AES is python-cryptography's
(checked against NIST's examples first), HMAC is the standard library's (checked against RFC 4231 first). ECDSA is python-cryptography's
with RFC 6979 nonces, so that a second run prints the same. Nothing here is used by the product or by a test run.
"""
import hashlib
import hmac
import struct
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


# --- RFC 8439, in plain integers ---

def rotate(x, n):
    return ((x << n) | (x >> (32 - n))) & 0xFFFFFFFF


def quarter(s, a, b, c, d):
    for x, y, z, n in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        s[x] = (s[x] + s[y]) & 0xFFFFFFFF
        s[z] = rotate(s[z] ^ s[x], n)


def chacha_block(key, words):
    """One block. `words` are the last four of the state: counter and nonce in whichever split the caller uses."""
    start = list(struct.unpack("<4I", b"expand 32-byte k")) + list(struct.unpack("<8I", key)) + list(words)
    s = list(start)
    for _ in range(10):
        for q in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15), (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
            quarter(s, *q)
    return struct.pack("<16I", *[(x + y) & 0xFFFFFFFF for x, y in zip(s, start)])


def poly1305(key, message):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    for at in range(0, len(message), 16):
        total = (total + int.from_bytes(message[at:at + 16] + b"\x01", "little")) * r % ((1 << 130) - 5)
    return ((total + int.from_bytes(key[16:], "little")) & ((1 << 128) - 1)).to_bytes(16, "little")


def check_primitives():
    key = bytes(range(32))  # RFC 8439 §2.3.2
    block = chacha_block(key, struct.unpack("<4I", struct.pack("<I", 1) + bytes.fromhex("000000090000004a00000000")))
    assert block.hex().startswith("10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c06803"), block.hex()
    key = bytes.fromhex("85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b")  # RFC 8439 §2.5.2
    assert poly1305(key, b"Cryptographic Forum Research Group").hex() == "a8061dc1305136c6c22b8baf0c0127a9"
    # GCM specification (McGrew, Viega), test cases 3 and 4: AES-128, without and with additional data; 16: AES-256.
    plain = bytes.fromhex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255")
    iv = bytes.fromhex("cafebabefacedbaddecaf888")
    key = bytes.fromhex("feffe9928665731c6d6a8f9467308308")
    extra = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    assert AESGCM(key).encrypt(iv, plain, None)[-16:].hex() == "4d5c2af327cd64a62cf35abd2ba6fab4"
    assert AESGCM(key).encrypt(iv, plain[:60], extra)[-16:].hex() == "5bc94fbc3221a5db94fae95ae7121a47"
    assert AESGCM(key + key).encrypt(iv, plain[:60], extra)[-16:].hex() == "76fc6ece0f4e1768cddf8853bb2d551b"
    # RFC 4231, test case 1.
    assert hmac.new(b"\x0b" * 20, b"Hi There", "sha256").hexdigest() == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    assert hmac.new(b"\x0b" * 20, b"Hi There", "sha512").hexdigest() == (
        "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854")


# --- Packets ---

def material(label, count):
    return b"".join(hashlib.sha256(f"{label} {i}".encode()).digest() for i in range(count // 32 + 1))[:count]


def seal_chacha(key, iv, mac_key, mac, sequence, blocks_before, index, header, body):
    # OpenSSH PROTOCOL.chacha20poly1305: 64-bit counter and 64-bit nonce (the original ChaCha); K_2 is first, K_1 (lengths) second.
    nonce = struct.unpack("<2I", struct.pack(">Q", sequence))
    def stream(half, count, first):
        return b"".join(chacha_block(half, (n, 0) + nonce) for n in range(first, first + count // 64 + 1))[:count]
    mix = lambda a, b: bytes(x ^ y for x, y in zip(a, b))
    sealed = mix(header, stream(key[32:], 4, 0)) + mix(body, stream(key[:32], len(body), 1))
    return sealed + poly1305(chacha_block(key[:32], (0, 0) + nonce)[:32], sealed)


def seal_gcm(key, iv, mac_key, mac, sequence, blocks_before, index, header, body):
    counter = (int.from_bytes(iv[4:], "big") + index) % (1 << 64)  # RFC 5647 §7.1
    return header + AESGCM(key).encrypt(iv[:4] + counter.to_bytes(8, "big"), body, header)


def seal_ctr(key, iv, mac_key, mac, sequence, blocks_before, index, header, body):
    counter = (int.from_bytes(iv, "big") + blocks_before) % (1 << 128)  # RFC 4344 §4
    sealed = header + Cipher(algorithms.AES(key), modes.CTR(counter.to_bytes(16, "big"))).encryptor().update(body)
    return sealed + hmac.new(mac_key, struct.pack(">I", sequence) + sealed, mac).digest()


FORMS = [
    ("chacha20Poly1305", None, 64, 0, 0, None, seal_chacha),
    ("aes256GCM", None, 32, 12, 0, None, seal_gcm),
    ("aes128GCM", None, 16, 12, 0, None, seal_gcm),
    ("aes256CTR", "hmacSHA256ETM", 32, 16, 32, "sha256", seal_ctr),
    ("aes256CTR", "hmacSHA512ETM", 32, 16, 64, "sha512", seal_ctr),
    ("aes128CTR", "hmacSHA256ETM", 16, 16, 32, "sha256", seal_ctr),
    ("aes128CTR", "hmacSHA512ETM", 16, 16, 64, "sha512", seal_ctr),
]
# Sequence number and length of each packet of a connection; the lengths fit both block sizes.
PACKETS = [(3, 16), (4, 48), (5, 144), (0xFFFFFFFF, 32), (0, 16)]


def packets():
    print('''// Printed by Tests/Vectors/make_crypto_vectors.py, which says what it is made with. Do not edit.

import SSHCrypto
import Testing

/// Packets of one connection's direction as another implementation seals them.
struct PacketVector: Sendable, CustomTestStringConvertible {
    let cipher: CipherAlgorithm
    let mac: MACAlgorithm?
    let key: String
    let iv: String
    let macKey: String
    /// Sequence number, the plain bytes behind the length field, and everything as it goes over the wire. Hex.
    let packets: [(sequence: UInt32, plain: String, sealed: String)]

    var testDescription: String { "\\(cipher) \\(mac.map(String.init(describing:)) ?? "") iv \\(iv)" }
}

extension PacketVector {
    static let all: [PacketVector] = [''')
    for cipher, mac_name, key_length, iv_length, mac_length, mac, seal in FORMS:
        ivs = [material(f"{cipher} iv", iv_length)]
        if iv_length == 12:
            ivs.append(ivs[0][:4] + b"\xff" * 7 + b"\xfe")  # The invocation counter wraps and leaves the fixed field alone.
        if iv_length == 16:
            ivs.append(b"\xff" * 15 + b"\xfe")  # All 128 bits count.
        for iv in ivs:
            key, mac_key = material(f"{cipher} key", key_length), material(f"{cipher} {mac} mac key", mac_length)
            print(f"        PacketVector(\n            cipher: .{cipher}, mac: {'.' + mac_name if mac_name else 'nil'},")
            print(f'            key: "{key.hex()}",\n            iv: "{iv.hex()}",\n            macKey: "{mac_key.hex()}",\n            packets: [')
            blocks = 0
            for index, (sequence, length) in enumerate(PACKETS):
                plain = material(f"packet {index}", length)
                sealed = seal(key, iv, mac_key, mac, sequence, blocks, index, struct.pack(">I", length), plain)
                blocks += length // 16
                print(f'                (\n                    {sequence},\n                    "{plain.hex()}",\n                    "{sealed.hex()}"\n                ),')
            print("            ]),")
    print("    ]\n}")


# --- Signatures ---

def string(b):
    b = b if isinstance(b, bytes) else b.encode()
    return struct.pack(">I", len(b)) + b


def mpint(n):
    return string(n.to_bytes(n.bit_length() // 8 + 1, "big") if n else b"")


MESSAGE = b"towline: what the peer signs"
SEED = bytes(range(1, 33))
APPLICATION = b"ssh:"
CURVES = {
    "nistp256": (ec.SECP256R1(), hashes.SHA256(), "ecdsaP256"),
    "nistp384": (ec.SECP384R1(), hashes.SHA384(), "ecdsaP384"),
    "nistp521": (ec.SECP521R1(), hashes.SHA512(), "ecdsaP521"),
}


def point(key):
    return key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def ecdsa(key, message, digest):
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(digest, deterministic_signing=True)))
    return mpint(r) + mpint(s)


def sk_variants():
    """Name, what is sent (flags, counter), what is signed (application, flags, counter), verdict."""
    return [
        ("touched", 0x01, 7, APPLICATION, 0x01, 7, True),
        ("touched and verified", 0x05, 0xFFFFFFFF, APPLICATION, 0x05, 0xFFFFFFFF, True),
        ("not touched", 0x00, 7, APPLICATION, 0x00, 7, False),
        ("verified but not touched", 0x04, 7, APPLICATION, 0x04, 7, False),
        ("flag set afterwards", 0x01, 7, APPLICATION, 0x00, 7, False),
        ("another counter", 0x01, 8, APPLICATION, 0x01, 7, False),
        ("another application", 0x01, 7, b"ssh:elsewhere", 0x01, 7, False),
    ]


def signatures():
    print('''// Printed by Tests/Vectors/make_crypto_vectors.py, which says what it is made with. Do not edit.

import SSHCrypto
import Testing

/// A signature over `message` as another implementation makes it. Hex.
struct SignatureVector: Sendable, CustomTestStringConvertible {
    let what: String
    let algorithm: SignatureAlgorithm
    let key: String
    let signature: String
    let isValid: Bool

    static let message = [UInt8]("%s".utf8)
    var testDescription: String { "\\(algorithm.rawValue) \\(what)" }
}

extension SignatureVector {
    static let all: [SignatureVector] = [''' % MESSAGE.decode())

    def entry(what, algorithm, blob, signature, verdict=True):
        print(f'        SignatureVector(\n            what: "{what}", algorithm: .{algorithm},\n            key: "{blob.hex()}",\n'
              f'            signature: "{signature.hex()}",\n            isValid: {"true" if verdict else "false"}),')

    key = ed25519.Ed25519PrivateKey.from_private_bytes(SEED)
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    blob = string("ssh-ed25519") + string(raw)
    entry("right", "ed25519", blob, string("ssh-ed25519") + string(key.sign(MESSAGE)))
    entry("other message", "ed25519", blob, string("ssh-ed25519") + string(key.sign(MESSAGE + b".")), False)

    for curve, (group, digest, name) in CURVES.items():
        private = ec.derive_private_key(int.from_bytes(SEED, "big"), group)
        blob = string(f"ecdsa-sha2-{curve}") + string(curve) + string(point(private))
        entry("right", name, blob, string(f"ecdsa-sha2-{curve}") + string(ecdsa(private, MESSAGE, digest)))
        entry("other message", name, blob, string(f"ecdsa-sha2-{curve}") + string(ecdsa(private, MESSAGE + b".", digest)), False)
        other = hashes.SHA512() if curve != "nistp521" else hashes.SHA256()
        entry("other digest", name, blob, string(f"ecdsa-sha2-{curve}") + string(ecdsa(private, MESSAGE, other)), False)
        r, s = decode_dss_signature(private.sign(MESSAGE, ec.ECDSA(digest, deterministic_signing=True)))
        size = len(point(private)) // 2
        order = {"nistp256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551}.get(curve)
        if order:
            entry("r above the order", name, blob, string(f"ecdsa-sha2-{curve}") + string(mpint(r + order) + mpint(s)), False)
        entry("r zero", name, blob, string(f"ecdsa-sha2-{curve}") + string(mpint(0) + mpint(s)), False)
        entry("s zero", name, blob, string(f"ecdsa-sha2-{curve}") + string(mpint(r) + mpint(0)), False)
        entry("both zero", name, blob, string(f"ecdsa-sha2-{curve}") + string(mpint(0) + mpint(0)), False)
        negative = string(b"\x80" + b"\x01" * (size - 1))
        entry("r negative", name, blob, string(f"ecdsa-sha2-{curve}") + string(negative + mpint(s)), False)
        off = point(private)[:-1] + bytes([point(private)[-1] ^ 1])
        entry("point off the curve", name, string(f"ecdsa-sha2-{curve}") + string(curve) + string(off),
              string(f"ecdsa-sha2-{curve}") + string(ecdsa(private, MESSAGE, digest)), False)

    private = rsa_key()
    numbers = private.public_key().public_numbers()
    blob = string("ssh-rsa") + mpint(numbers.e) + mpint(numbers.n)
    for name, algorithm, digest in (("rsa-sha2-256", "rsaSHA256", hashes.SHA256()), ("rsa-sha2-512", "rsaSHA512", hashes.SHA512())):
        signature = private.sign(MESSAGE, padding.PKCS1v15(), digest)
        entry("right", algorithm, blob, string(name) + string(signature))
        entry("other message", algorithm, blob, string(name) + string(private.sign(MESSAGE + b".", padding.PKCS1v15(), digest)), False)
        entry("one zero before", algorithm, blob, string(name) + string(b"\0" + signature), False)
        entry("SHA-1 under this name", algorithm, blob, string(name) + string(private.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA1())), False)
        entry("PSS under this name", algorithm, blob,
              string(name) + string(pss_free_salt(private, digest)), False)
        entry("one", algorithm, blob, string(name) + string(b"\x01"), False)
        entry("the modulus", algorithm, blob, string(name) + string(numbers.n.to_bytes(256, "big")), False)

    # A key whose signature of this message happens to begin with a zero byte.
    for attempt in range(10_000):
        private = rsa_key(f"rsa {attempt}")
        signature = private.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256())
        if signature[0] == 0:
            numbers = private.public_key().public_numbers()
            blob = string("ssh-rsa") + mpint(numbers.e) + mpint(numbers.n)
            entry("right, first byte zero", "rsaSHA256", blob, string("rsa-sha2-256") + string(signature))
            break

    key = ed25519.Ed25519PrivateKey.from_private_bytes(SEED)
    private = ec.derive_private_key(int.from_bytes(SEED, "big"), ec.SECP256R1())
    for what, flags, counter, application, signed_flags, signed_counter, verdict in sk_variants():
        signed = hashlib.sha256(application).digest() + struct.pack(">BI", signed_flags, signed_counter) + hashlib.sha256(MESSAGE).digest()
        name = "sk-ssh-ed25519@openssh.com"
        tail = struct.pack(">BI", flags, counter)
        entry(what, "skEd25519", string(name) + string(raw) + string(APPLICATION), string(name) + string(key.sign(signed)) + tail, verdict)
        name = "sk-ecdsa-sha2-nistp256@openssh.com"
        entry(what, "skECDSAP256", string(name) + string("nistp256") + string(point(private)) + string(APPLICATION),
              string(name) + string(ecdsa(private, signed, hashes.SHA256())) + tail, verdict)
    print("    ]\n}")


def pss_free_salt(private, digest):
    return private.sign(MESSAGE, padding.PSS(padding.MGF1(digest), 0), digest)


def rsa_key(label="rsa"):
    """A 2048-bit key that is the same in every run: the first primes at or above two labelled numbers."""
    def prime(label):
        n = int.from_bytes(material(label, 128), "big") | 3 << 1022 | 1
        while any(n % d == 0 for d in range(3, 1000, 2)) or pow(2, n - 1, n) != 1 or pow(3, n - 1, n) != 1 or (n - 1) % 65537 == 0:
            n += 2
        return n
    p, q = prime(f"{label} p"), prime(f"{label} q")
    d = pow(65537, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(65537, p * q)
    return rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public).private_key()

check_primitives()
{"packets": packets, "signatures": signatures}[sys.argv[1]]()
