"""Signatures of apps: RS256 verified with the public key, in plain Python (RFC 8017, 8.2.2)."""
import base64
import hashlib
import json
import subprocess

# DER of the DigestInfo of SHA-256 (RFC 8017, 9.2).
SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")


def make_key(path):
    """A fresh RSA key as GitHub hands it out (PKCS#1 PEM) at path; returns (n, e)."""
    subprocess.run(["openssl", "genrsa", "-traditional", "-out", str(path), "2048"], check=True, capture_output=True)
    modulus = subprocess.run(["openssl", "rsa", "-in", str(path), "-noout", "-modulus"], check=True,
                             capture_output=True, text=True).stdout
    return int(modulus.strip().removeprefix("Modulus="), 16), 65537


def from_base64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def verify(token, key):
    """The claims of a JWT that the key signed; None when it did not."""
    try:
        head, claims, signature = token.split(".")
        if json.loads(from_base64url(head)).get("alg") != "RS256":
            return None
        n, e = key
        size = (n.bit_length() + 7) // 8
        raw = from_base64url(signature)
        if len(raw) != size:
            return None
        found = pow(int.from_bytes(raw, "big"), e, n).to_bytes(size, "big")
        digest = SHA256_PREFIX + hashlib.sha256(f"{head}.{claims}".encode()).digest()
        wanted = b"\0\1" + b"\xff" * (size - len(digest) - 3) + b"\0" + digest
        return json.loads(from_base64url(claims)) if found == wanted else None
    except (ValueError, TypeError, KeyError):
        return None


def claims_of(token):
    try:
        return json.loads(from_base64url(token.split(".")[1]))
    except (ValueError, IndexError):
        return {}
