from __future__ import annotations

from app.engine.agenda import Agenda
from app.reconcile import AWAITED, BACKGROUND


def test_entries_come_by_time_then_rank_then_in_the_order_they_were_added() -> None:
    agenda = Agenda()
    for due, rank, name in ((5, 1, "late"), (3, 2, "loop"), (3, 0, "delivery"), (3, 2, "second loop")):
        agenda.add(due, rank, (name,))
    assert [agenda.pop().event for _ in range(4)] == [("delivery",), ("loop",), ("second loop",), ("late",)]


def test_heartbeats_are_run_in_order_but_leave_the_agenda_quiet() -> None:
    agenda = Agenda()
    agenda.add(1, 0, ("heartbeat",), BACKGROUND)
    assert agenda.quiet
    assert agenda.next_due_ms(foreground=True) is None
    agenda.add(2, 0, ("work",))
    assert not agenda.quiet
    assert (agenda.next_due_ms(), agenda.next_due_ms(foreground=True)) == (1, 2)
    assert [agenda.pop().event for _ in range(2)] == [("heartbeat",), ("work",)]


def test_a_cancelled_entry_is_never_seen_again() -> None:
    agenda = Agenda()
    entry = agenda.add(1, 0, ("gone",))
    agenda.cancel(entry)
    assert agenda.quiet
    assert agenda.next_due_ms() is None


def test_what_people_may_wait_for_is_known_without_a_search() -> None:
    agenda = Agenda()
    assert agenda.awaited is None
    agenda.add(1, 0, ("heartbeat",), BACKGROUND)
    cancelled, first, later = (agenda.add(due, 0, ("act", str(due)), AWAITED) for due in (2, 3, 4))
    assert agenda.quiet
    agenda.cancel(cancelled)
    assert [agenda.pop() for _ in range(2)][1] is first
    assert agenda.awaited is later
    copied, _ = agenda.copy()
    agenda.in_foreground(later)
    assert agenda.awaited is None
    assert copied.awaited is not None
    assert copied.awaited.event == ("act", "4")
    copied.pop()
    assert copied.awaited is None
