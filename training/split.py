"""Which conversations measure and which ones teach."""

import hashlib

VALIDATION_SHARE = 8
"""One conversation in so many is held out."""


def is_validation(conversation_id: str) -> bool:
    """Say whether a conversation belongs to the validation split.

    The rule hashes the id (SHA-256, first four bytes, modulo 8), so it is the
    same on every machine and adding conversations never moves an old one.
    """
    digest = hashlib.sha256(conversation_id.encode()).digest()
    return int.from_bytes(digest[:4], "big") % VALIDATION_SHARE == 0
