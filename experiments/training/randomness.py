"""Where a training's random numbers come from: each from the seed and what it is for.

So nothing has to be kept of a generator but the epoch's number: an epoch begins with the same draws
whether the process that runs it has run the one before or not.
"""

import hashlib


def derived_seed(*parts: object) -> int:
    """63 evenly spread bits for these parts, such as (seed, "order", epoch)."""
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1
