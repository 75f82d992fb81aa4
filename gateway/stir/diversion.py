"""Diverted calls (RFC 8946): how signed diversions lead from the number first called to the one that is called now.

Each div token says: a call to `div` was sent on to `dest`. They come in no order (§4.2), so the way is searched from
the callee back. Whether the tokens on it are valid is for `verification` to say.
"""

from collections.abc import Iterable, Mapping

from gateway.stir.received import Claims


def way(
    dest: Iterable[str], target: str, orig: str, diversions: Mapping[int, Claims]
) -> tuple[int, ...] | None:
    """The diversions between `dest` and `target`, the last one first; None where they do not connect.

    diversions: the claims of each div token under a key of the caller's; only those of the same `orig` count
    (§4.2 step 3). Each number is visited once, so a circle ends.
    """
    first_called = frozenset(dest)
    ways: dict[str, tuple[int, ...]] = {target: ()}
    ahead = [target]
    for number in ahead:  # grows while it is walked
        if number in first_called:
            return ways[number]
        for key, claims in diversions.items():
            if claims.div and claims.orig == orig and number in claims.dest and claims.div not in ways:
                ways[claims.div] = (*ways[number], key)
                ahead.append(claims.div)
    return None
