"""HubClientInfo: who else is on the hub and can be reached (OCPI 2.2.1, mod_hub_client_info). The pushes are the hub's own."""

from datetime import UTC, datetime

from django.http import HttpResponse
from rest_framework.request import Request

from roaming import canonical
from roaming.parties.models import Platform
from roaming.protocols.ocpi import limits, paging
from roaming.protocols.ocpi.endpoints.door import Door
from roaming.protocols.ocpi.paths import module_url
from roaming.protocols.ocpi.v2_2_1.registration import ClientInfo
from roaming.protocols.ocpi.versions import SENDER
from roaming.routing.sides import Side, side_of

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class HubClientInfo(Door):
    """The list of those that the caller's parties may communicate with, one object per party and role."""

    module = "hubclientinfo"
    limit = limits.LISTS

    def get(self, request: Request, version: str) -> HttpResponse:
        """This function will answer a page of client infos: whoever has an agreement with one of the caller's parties, and no other."""
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
        return self.success([self.dialect.client_info.write(info) for info in infos[start:end]], headers=headers)

    def _list_infos(self) -> list[ClientInfo]:
        changed = {
            row["id"]: row["status_changed_at"] or row["created_at"]
            for row in Platform.objects.values("id", "status_changed_at", "created_at")
        }
        own = {(key, side) for role, key in self.caller.platform.roles if (side := side_of(role))}
        infos = []
        for party in self.directory.parties:
            for role, platform_id in sorted(party.roles.items()):
                platform = self.directory.platform(platform_id)
                side = side_of(role)
                if platform is None or side is None or not self._may_know(party.key, side, own):
                    continue
                infos.append(
                    ClientInfo(
                        country_code=party.key.country_code,
                        party_id=party.key.party_id,
                        role=role.value,
                        status=platform.state,
                        last_updated=changed.get(platform_id) or _BEGINNING,
                    )
                )
        return infos

    def _may_know(self, party: canonical.PartyId, side: Side, own: set[tuple[canonical.PartyId, Side]]) -> bool:
        on = self.at.date()
        for key, own_side in own:
            if own_side is side:
                continue
            operator, provider = (party, key) if side is Side.OPERATOR else (key, party)
            if self.directory.is_agreed(operator=operator, provider=provider, on=on):
                return True
        return False
