"""The timetable of recurring work (Celery beat). Every task is safe to run twice and safe to miss once. Hours are UTC."""

from typing import Any

from celery.schedules import crontab


def every(seconds: float, task: str) -> dict[str, Any]:
    """This function will return a line of the timetable. A run that nobody took before the next is due is forgotten."""
    return {"task": task, "schedule": seconds, "options": {"expires": seconds}}


def daily(hour: int, minute: int, task: str) -> dict[str, Any]:
    """This function will return a line that is due once a night."""
    return {"task": task, "schedule": crontab(hour=str(hour), minute=str(minute))}


# Sorted by name.
TIMETABLE: dict[str, dict[str, Any]] = {
    "hub: add up service levels": every(30.0, "hub.tasks.add_up_service"),
    "hub: close periods that somebody asked for": every(15.0, "hub.tasks.close_periods"),
    "hub: delete old exports": daily(2, 50, "hub.tasks.forget_exports"),
    "hub: run self-tests": every(15.0, "hub.tasks.run_self_tests"),
    "hub: send links for new passwords": every(10.0, "hub.tasks.send_password_links"),
    "hub: tell of statements": every(30.0, "hub.tasks.tell_of_statements"),
    "hub: write exports": every(15.0, "hub.tasks.write_exports"),
    # LIVENESS_SECONDS says how long a partner may be silent; this only says how often the hub looks who was.
    "roaming: ask silent partners": every(20.0, "roaming.tasks.check_liveness"),
    "roaming: make and drop days of exchanges": every(3600.0, "roaming.tasks.keep_exchange_partitions"),
    "roaming: purge deliveries": daily(2, 20, "roaming.tasks.purge_deliveries"),
    "roaming: seal blocks": every(60.0, "roaming.tasks.seal_blocks"),
    "roaming: find the sessions of commands": every(30.0, "roaming.tasks.link_sessions"),
    "roaming: take back leases": every(15.0, "roaming.tasks.sweep_leases"),
    "roaming: tell tariffs that became valid or ended": every(30.0, "roaming.tasks.tell_turned_tariffs"),
    "roaming: undo forgotten remote starts": every(60.0, "roaming.tasks.undo_forgotten_starts"),
    "roaming: tell whose state changed": every(5.0, "roaming.tasks.announce_states"),
    "settlement: clear what was sealed": every(15.0, "settlement.tasks.clear_cdrs"),
    "settlement: mail reminders of CDRs that are owed": every(3600.0, "settlement.tasks.mail_reminders"),
    "settlement: render files of issued statements": every(60.0, "settlement.tasks.render_documents"),
    "settlement: roll up the days": daily(1, 30, "settlement.tasks.roll_up_days"),
    "settlement: verify the books": daily(3, 10, "settlement.tasks.verify_books"),
    "settlement: watch deadlines": daily(5, 0, "settlement.tasks.watch_deadlines"),
}
