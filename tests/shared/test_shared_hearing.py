"""Whatever of a node's messages is lost, doubled or late: after its hash is read, the sums are the true ones."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from gateway.ledger import Ledger
from gateway.policy.elsewhere import Figures
from gateway.policy.snapshot import PolicyData, compile_snapshot
from gateway.shared import messages
from gateway.shared.hearing import SILENT, Hearing
from gateway.shared.messages import Message, Told
from gateway.shared.telling import MOST_FIGURES, MOST_WAITING, Telling

NOW = 1_783_080_000.0  # 2026-07-03T12:00:00Z
DAY = date(2026, 7, 3)
OWNERS = ("peer/a", "account/x", "account/y")
NODES = ("node-1", "node-2")
SNAPSHOT = compile_snapshot(PolicyData())

changes = st.lists(
    st.tuples(
        st.sampled_from(NODES),
        st.sampled_from(OWNERS),
        st.integers(0, 9),
        st.integers(0, 9),
        st.integers(0, 9),
    ),
    max_size=30,
)


class Listener:
    """A node that hears others."""

    def __init__(self) -> None:
        self.ledger = Ledger(lambda: SNAPSHOT, lambda: NOW, lambda _: None)
        self.usage = self.ledger.usage
        self.hearing = Hearing("here", "f" * 16, self.ledger, lambda _host, _answered: None)


class Teller:
    """A node that tells; its hash is as new as its last message."""

    def __init__(self, name: str, instance: str = "0" * 16) -> None:
        self.figures = dict.fromkeys(OWNERS, Figures(0, 0, 0, DAY))
        self.telling = Telling(name, instance, self.figures.__getitem__)
        self.hash: dict[bytes, bytes] = {}

    def tells(self, owner: str, *used: int) -> Message:
        self.figures[owner] = Figures(*used, DAY)
        self.telling.changed(owner, False)
        message = self.telling.take(DAY)
        self.hash |= {name.encode(): value for name, value in messages.fields(message).items()}
        return messages.read(messages.write(message))


@given(changes, st.data())
def test_lost_doubled_and_late_messages_end_in_the_true_sums(
    made: list[tuple[str, str, int, int, int]], data: st.DataObject
) -> None:
    tellers, here = {name: Teller(name) for name in NODES}, Listener()
    sent = [tellers[name].tells(owner, *used) for name, owner, *used in made]
    heard = data.draw(st.lists(st.sampled_from(sent), max_size=60)) if sent else []
    for message in heard:
        here.hearing.hear(message, 0.0)
    for name, teller in tellers.items():
        last = teller.tells("peer/a", *teller.figures["peer/a"][:3])
        here.hearing.hear(last, 0.0)
        here.hearing.read(name, messages.account(teller.hash))
    for owner in OWNERS:
        used = [teller.figures[owner] for teller in tellers.values()]
        assert here.usage.concurrent(owner) == sum(each.concurrent for each in used)
        assert here.usage.committed(owner, NOW) == sum(each.running + each.settled for each in used)


def test_whoever_misses_a_number_is_told_to_read_and_whoever_misses_none_is_not() -> None:
    teller, here = Teller("node-1"), Listener()
    first, second, third = (teller.tells("peer/a", n, 0, 0) for n in (1, 2, 3))
    assert not here.hearing.hear(first, 0.0)
    assert here.hearing.hear(third, 0.0)
    assert here.hearing.hear(second, 0.0)
    here.hearing.read("node-1", messages.account(teller.hash))
    assert not here.hearing.hear(teller.tells("peer/a", 4, 0, 0), 0.0)
    assert here.usage.concurrent("peer/a") == 4


def test_one_that_is_met_in_the_middle_is_read() -> None:
    teller, here = Teller("node-1"), Listener()
    teller.tells("account/x", 5, 0, 0)
    assert here.hearing.hear(teller.tells("peer/a", 1, 0, 0), 0.0)
    here.hearing.read("node-1", messages.account(teller.hash))
    assert here.usage.concurrent("account/x") == 5


def test_a_hash_that_is_older_than_what_was_heard_changes_nothing_back() -> None:
    teller, here = Teller("node-1"), Listener()
    here.hearing.hear(teller.tells("peer/a", 1, 0, 0), 0.0)
    old = messages.account(dict(teller.hash))
    here.hearing.hear(teller.tells("peer/a", 2, 0, 0), 0.0)
    here.hearing.read("node-1", old)
    assert here.usage.concurrent("peer/a") == 2


def test_the_silent_are_forgotten_with_their_calls_and_not_with_what_they_spent() -> None:
    teller, here = Teller("node-1"), Listener()
    here.hearing.hear(teller.tells("account/x", 3, 20, 100), 0.0)
    here.hearing.watch(SILENT)
    assert here.hearing.nodes == ("node-1",)
    here.hearing.watch(SILENT + 0.01)
    assert here.hearing.nodes == ()
    assert (here.usage.concurrent("account/x"), here.usage.committed("account/x", NOW)) == (0, 100)


def test_money_of_another_day_is_not_of_this_one() -> None:
    here = Listener()
    told = {"account/x": Told(1, 5, 100)}
    here.hearing.hear(Message("node-1", "0" * 16, 1, date(2026, 7, 2), told), 0.0)
    assert here.usage.committed("account/x", NOW) == 5
    assert here.usage.committed("account/x", NOW - 86_400) == 5  # a day that was over does not come back


def test_what_is_told_is_bounded_and_what_does_not_fit_comes_next() -> None:
    owners = [f"account/{n}" for n in range(MOST_FIGURES + 1)]
    telling = Telling("node-1", "0" * 16, lambda _: Figures(1, 0, 0, DAY))
    telling.again(owners)
    for n in range(MOST_WAITING + 1):
        telling.host(f"{n}:443", False)
    assert len(telling.take(DAY).figures) == MOST_FIGURES
    assert len(telling.take(DAY).figures) == 1
    told = 0
    while telling.something:
        message = telling.take(DAY)
        assert len(messages.write(message)) < messages.LONGEST
        told += len(message.hosts)
    assert told < MOST_WAITING
