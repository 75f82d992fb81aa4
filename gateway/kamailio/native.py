"""The words between Python and Kamailio's native route: what is read of a message, and what the route finds to act on.

The only module that knows `KSR`, which exists inside Kamailio alone. What is written here is read in
deploy/kamailio/kamailio.cfg under the same names; no name is used for two things.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

import KSR

from gateway.kamailio.steps import Answer, Onward, as_utf8, word

GOES_ON, ANSWERED, WAITS, UNKNOWN, FAULT = 1, 2, 3, 4, 5
"""What `door` says of an INVITE; the native route branches on them."""


def message() -> bytes:
    """The message as it came."""
    try:
        return bytes(KSR.pv.get("$mb"), "utf-8")
    except UnicodeDecodeError:  # not every byte is UTF-8, and Python gets nothing else from Kamailio
        return bytes.fromhex(KSR.pv.get("$(mb{s.encode.hexa})"))


def source() -> str:
    """The address the message came from."""
    return str(KSR.pv.get("$si"))


def transaction() -> tuple[int, int]:
    """The names of the transaction, by which it is found again."""
    return int(KSR.pv.get("$T(id_index)")), int(KSR.pv.get("$T(id_label)"))


def name_transaction(index: int, label: int) -> None:
    """Which transaction the native route is to go on with."""
    KSR.pv.seti("$var(index)", index)
    KSR.pv.seti("$var(label)", label)


def go_on(token: str, steps: Onward) -> None:
    """Prepare the message for its way on."""
    _change(steps.remove, steps.add)
    KSR.pv.sets("$var(call)", token)
    KSR.pv.sets("$avp(user)", steps.user)
    KSR.pv.sets("$var(display)", steps.display)
    KSR.pv.sets("$var(sender)", steps.sender)
    KSR.pv.sets("$var(called)", steps.called)
    for place in range(len(steps.hops) - 1, -1, -1):  # the one that is written last is read first
        hop = steps.hops[place]
        KSR.pv.sets("$avp(hop)", f"{hop.patience} {place} {hop.uri} {hop.host} {word(hop.peer)}")
    if steps.signature:
        KSR.pv.sets("$avp(signature)", steps.signature)
    if steps.upstream:
        KSR.pv.sets("$avp(upstream)", "".join(f"{line}\r\n" for line in steps.upstream))


def _change(remove: Iterable[str], add: Iterable[str]) -> None:
    for name in remove:
        KSR.textops.remove_hf(name)
    for line in add:
        KSR.hdr.append(f"{line}\r\n")


def keep(steps: Onward) -> None:
    """Have the changes to the message at hand for a further hop: Kamailio forgets those made after a suspension."""
    KSR.pv.sets(
        "$avp(changes)", json.dumps([steps.remove, steps.add, steps.display, steps.sender, steps.called])
    )


def change_again() -> None:
    """Make the changes that were kept once more."""
    remove, add, display, sender, called = json.loads(KSR.pv.get("$avp(changes)"))
    _change(remove, add)
    KSR.pv.sets("$var(display)", display)
    KSR.pv.sets("$var(sender)", sender)
    KSR.pv.sets("$var(called)", called)


def answer(steps: Answer) -> None:
    """Say what to answer."""
    KSR.pv.seti("$var(code)", steps.code)
    KSR.pv.sets("$var(phrase)", as_utf8(steps.phrase))
    KSR.pv.sets("$var(lines)", "".join(f"{as_utf8(line)}\r\n" for line in steps.lines))


def signature() -> str:
    """Of the PASSporT that was made for the call this answer belongs to."""
    return str(KSR.pv.gete("$avp(signature)"))


def say_reasons(values: list[str]) -> None:
    """Have an answer go on with these Reason values and no others."""
    KSR.textops.remove_hf("Reason")
    for value in values:
        KSR.hdr.append(f"Reason: {as_utf8(value)}\r\n")


def tell(event: str, said: str) -> None:
    """News of the call that this message belongs to, as the native route tells the clerk."""
    place, at = KSR.pv.gete("$dlg_var(place)"), KSR.pv.gete("$TV(Sn)")
    KSR.mqueue.mq_add("news", KSR.pv.gete("$dlg_var(call)"), f"{event} {said} {place} {at}")


def is_active(uri: str) -> bool:
    """Whether the dispatcher, which probes every next hop, hears of it."""
    return bool(KSR.dispatcher.ds_is_active_uri(1, uri) > 0)


def news() -> tuple[str, str] | None:
    """What a dialog has told last, oldest first: the call's token and the event; None where there is nothing new."""
    if KSR.mqueue.mq_fetch("news") < 0:
        return None
    return KSR.mqueue.mqk_gete("news"), KSR.mqueue.mqv_gete("news")


def reload_peers(tls: bool) -> None:
    """Have the rendered lists of addresses, next hops and certificates read again."""
    for command in ("dispatcher.reload", "permissions.addressReload", *(("tls.reload",) if tls else ())):
        KSR.jsonrpcs.exec(json.dumps({"jsonrpc": "2.0", "method": command, "id": 1}))


def refuse_new_calls(refuse: bool) -> None:
    """Have the native route answer new calls 503."""
    KSR.pv.seti("$shv(draining)", int(refuse))
