"""Whether an account's storage can hold a push, as far as the Hub tells.

Source: the Hub's documentation on storage limits, 2025. How much of it is taken elsewhere is not told.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_GB, _TB = 10**9, 10**12
_LIMITS = {  # by whether the account is PRO, and whether the repository is private
    (False, True): 100 * _GB,
    (True, True): _TB,
    (True, False): 10 * _TB,
}


@dataclass(frozen=True)
class Storage:
    """What an account may store: `fits` is None where nobody knows."""

    fits: bool | None
    words: str


def storage_for(
    needed: int, owner: str, account: Mapping[str, Any] | None, *, private: bool
) -> Storage:
    """Whether `needed` bytes fit into a repository of `owner`.

    Args:
        needed: with what is in the repository already.
        owner: the user's or the organisation's name.
        account: what the Hub says of the token's owner (`whoami`); None without a token.
        private: whether the repository is, or will be.
    """
    much = f"{needed / _GB:,.3g} GB"
    if account is None or account.get("name") != owner:
        whose = "the account is not known without a token" if account is None else "not the token's"
        return Storage(
            None, f"whether {owner} has room for {much} cannot be told ({whose}: see its settings)"
        )
    pro, kind = bool(account.get("isPro")), "private" if private else "public"
    plan = f"{owner}, a {'PRO' if pro else 'free'} account"
    limit = _LIMITS.get((pro, private))
    if limit is None:
        return Storage(
            None,
            f"{plan}, has no stated limit for public data, as far as the Hub has room ({much})",
        )
    fits = needed <= limit
    verdict = "holds" if fits else "CANNOT hold"
    beside = ", with all that is stored there already" if fits else ""
    return Storage(
        fits, f"{plan}, {verdict} {much}: its {kind} storage is {limit / _GB:,.0f} GB{beside}"
    )
