"""API keys: a pair for each account. The private one signs, so it is kept readable: encrypted with our own secret."""

import base64
import hashlib
import hmac
import os
import uuid
from collections.abc import Iterable
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12


class KeyBox:
    """Encrypts private keys and signs cookies; knows the installation's secret."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(hashlib.sha256(b"private keys" + secret).digest())
        self._cookie_key = hashlib.sha256(b"cookies" + secret).digest()
        # Of those who sign one request after another; whoever could read them here reads the secret beside them.
        self._opened = lru_cache(maxsize=256)(self._decrypt)

    def new_pair(self) -> tuple[str, bytes]:
        """A fresh public key, and its private key encrypted."""
        public = str(uuid.uuid4())
        return public, self.lock(str(uuid.uuid4()), public)

    def lock(self, private_key: str, public_key: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, private_key.encode(), public_key.encode())

    def open(self, locked: bytes, public_key: str) -> str:
        """The private key. Bound to its public key: a row's bytes put into another row do not open."""
        return self._opened(locked, public_key)

    def _decrypt(self, locked: bytes, public_key: str) -> str:
        return self._cipher.decrypt(locked[:NONCE_BYTES], locked[NONCE_BYTES:], public_key.encode()).decode()

    def cookie_signature(self, text: str) -> str:
        digest = hmac.digest(self._cookie_key, text.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def signature_of(private_key: str, message: str) -> str:
    """Cytomine's: base64 of HMAC-SHA1."""
    return base64.b64encode(hmac.digest(private_key.encode(), message.encode(), hashlib.sha1)).decode()


def signed_by(private_key: str, signature: str, messages: Iterable[str]) -> bool:
    """Whether one of the messages bears this signature. How near a wrong one comes cannot be told from the time."""
    sent = signature.encode()
    return any(hmac.compare_digest(signature_of(private_key, message).encode(), sent) for message in messages)
