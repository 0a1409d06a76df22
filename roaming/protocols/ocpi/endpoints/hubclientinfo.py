"""HubClientInfo: who else is on the hub and can be reached (OCPI 2.2.1, mod_hub_client_info). The pushes are the hub's own."""

from datetime import UTC, datetime

from django.http import HttpResponse
from rest_framework.request import Request

from roaming.parties.models import Platform
from roaming.protocols.ocpi import limits, paging
from roaming.protocols.ocpi.endpoints.door import Door
from roaming.protocols.ocpi.envelope import not_found
from roaming.protocols.ocpi.paths import module_url
from roaming.protocols.ocpi.reach import list_reached
from roaming.protocols.ocpi.versions import SENDER
from roaming.protocols.ocpi.visitors import ClientInfo

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class HubClientInfo(Door):
    """The list of those that the caller's parties may communicate with, one object per party and role."""

    module = "hubclientinfo"
    limit = limits.LISTS

    def get(self, request: Request, version: str) -> HttpResponse:
        """This function will answer a page of client infos: whoever has an agreement with one of the caller's parties, and no other."""
        shape = self.dialect.client_info
        if shape is None:
            raise not_found()
        page = paging.read_page_request(request.query_params.dict())
        infos = [
            info
            for info in self._list_infos()
            if (page.date_from is None or info.last_updated >= page.date_from)
            and (page.date_to is None or info.last_updated < page.date_to)
        ]
        start = int(page.cursor) if page.cursor and page.cursor.isdigit() and len(page.cursor) < 10 else page.offset
        end = start + page.limit
        headers = paging.page_headers(
            url=module_url(self.dialect.number, self.module, SENDER),
            page=page,
            total=len(infos),
            cursor=str(end) if end < len(infos) else None,
        )
        return self.success([shape.write(info) for info in infos[start:end]], headers=headers)

    def _list_infos(self) -> list[ClientInfo]:
        changed = {
            row["id"]: row["status_changed_at"] or row["created_at"]
            for row in Platform.objects.values("id", "status_changed_at", "created_at")
        }
        return [
            ClientInfo(
                country_code=party.key.country_code,
                party_id=party.key.party_id,
                role=role.value,
                status=platform.state,
                last_updated=changed.get(platform.id) or _BEGINNING,
            )
            for party, role, platform in list_reached(directory=self.directory, platform=self.caller.platform, on=self.at.date())
        ]
