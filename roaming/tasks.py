"""Recurring work of the traffic side. Every task is safe to run twice, safe to run beside itself and safe to miss once.

Tasks carry no data: what is to be done stands in PostgreSQL. They take keywords they do not know, so that old and new workers can
meet. The timetable is `hub_settings/schedule.py`.
"""

import asyncio
import logging
from datetime import timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from roaming.cdrs.seal import seal_blocks as seal
from roaming.deliveries import outbox
from roaming.egress import Call, EgressError, close_async, send_async
from roaming.exchanges import partitions
from roaming.gateways import GatewayRefusal, gateway_for
from roaming.parties import directory
from roaming.parties.liveness import list_silent, mark_status
from roaming.parties.models import Platform
from roaming.protocols.ocpi.announcements import announce_states as announce
from roaming.protocols.oicp.compensation import undo_forgotten_starts as undo_forgotten
from roaming.sessions.link import link_sessions as link
from roaming.tariffs.turn import tell_turned_tariffs as tell_turned

DELIVERED_ARE_KEPT = timedelta(days=30)
_PURGE_BATCH = 10_000

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def sweep_leases(**_: Any) -> int:
    """This function will take back the leases of dispatchers that died, and ring for those that live."""
    return outbox.sweep_leases()


@shared_task(ignore_result=True)
def purge_deliveries(**_: Any) -> int:
    """This function will delete deliveries that were done 30 days ago, in batches that hold no lock for long."""
    before, purged = timezone.now() - DELIVERED_ARE_KEPT, 0
    while batch := outbox.purge(before=before, most=_PURGE_BATCH):
        purged += batch
    return purged


@shared_task(ignore_result=True)
def keep_exchange_partitions(**_: Any) -> list[str]:
    """This function will make the coming days of exchanges, and drop those that are kept long enough."""
    at = timezone.now()
    return [*partitions.make_partitions(at=at), *partitions.drop_partitions(at=at)]


@shared_task(ignore_result=True)
def seal_blocks(**_: Any) -> int:
    """This function will chain what was sealed since the last time."""
    return seal(at=timezone.now())


@shared_task(ignore_result=True)
def link_sessions(**_: Any) -> int:
    """This function will note which sessions the commands of the last day began."""
    return link(at=timezone.now())


@shared_task(ignore_result=True)
def tell_turned_tariffs(**_: Any) -> int:
    """This function will tell the tariffs that became valid, or ended, to those whose version has no dates of validity."""
    return tell_turned(at=timezone.now())


@shared_task(ignore_result=True)
def undo_forgotten_starts(**_: Any) -> int:
    """This function will stop what OICP operators may have started while the process that asked them ended."""
    return undo_forgotten(at=timezone.now())


@shared_task(ignore_result=True)
def announce_states(**_: Any) -> int:
    """This function will tell partners whose state is another than the one they were told (HubClientInfo)."""
    return announce(at=timezone.now())


@shared_task(ignore_result=True)
def check_liveness(**_: Any) -> list[int]:
    """This function will ask the partners that were silent for LIVENESS_SECONDS, or are offline, whether they are there.

    Any answer but a server error is a sign of life (OCPI 2.2.1, mod_hub_client_info §Still alive check). It returns those that
    gave none: they are OFFLINE until a call succeeds.
    """
    known = directory.current()
    calls: list[Call] = []
    for platform_id in list_silent(at=timezone.now()):
        platform = known.platform(platform_id)
        try:
            call = gateway_for(platform).probe() if platform is not None else None
        except GatewayRefusal as refusal:
            logger.warning("a partner cannot be asked whether it is there", extra={"platform": platform_id, "reason": str(refusal)})
            continue
        if call is not None:
            calls.append(call)
    if not calls:
        return []
    found = asyncio.run(_ask(calls))
    for platform_id, is_alive in found.items():
        status = Platform.Status.CONNECTED if is_alive else Platform.Status.OFFLINE
        mark_status(platform_id=platform_id, status=status, at=timezone.now())
    announce(at=timezone.now())
    return sorted(platform_id for platform_id, is_alive in found.items() if not is_alive)


async def _ask(calls: list[Call]) -> dict[int, bool]:
    try:
        answers = await asyncio.gather(*(_is_alive(call) for call in calls))
    finally:
        await close_async()
    return dict(zip([call.platform_id for call in calls], answers, strict=True))


async def _is_alive(call: Call) -> bool:
    try:
        answer = await send_async(call)
    except EgressError as error:
        logger.info("a partner gives no sign of life", extra={"platform": call.platform_id, "reason": str(error)[:200]})
        return False
    return answer.status < 500
