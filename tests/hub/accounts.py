"""The one account and its two tokens."""

USER = "tester"
WRITE_TOKEN = "hf_standInThatMayWrite"
READ_TOKEN = "hf_standInThatMayRead"
FOREIGN = "stranger"
"""A namespace in which neither token may write."""

ROLES = {WRITE_TOKEN: "write", READ_TOKEN: "read"}


def whoami(token: str) -> dict:
    """What `whoami-v2` says of a known token."""
    access = {"displayName": "stand-in", "role": ROLES[token]}
    return {
        "type": "user",
        "id": "000000000000000000000001",
        "name": USER,
        "fullname": USER,
        "isPro": False,
        "orgs": [],
        "auth": {"type": "access_token", "accessToken": access},
    }
