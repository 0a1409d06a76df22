"""PushAuthenticationData of providers and PullAuthenticationData of operators (oicp §5.7, §3.3)."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from roaming import canonical
from roaming.canonical import Whitelist
from roaming.protocols.oicp import statuses
from roaming.protocols.oicp.bridge.crossings import TO_OCPI, note_crossing
from roaming.protocols.oicp.bridge.unsaid import note_card
from roaming.protocols.oicp.crossing import make_token
from roaming.protocols.oicp.endpoints.door import MIB, OicpDoor
from roaming.protocols.oicp.identifiers import contract_key, write_provider
from roaming.protocols.oicp.partners import candidates, is_online, is_own_contract
from roaming.protocols.oicp.refusals import OicpRefusal
from roaming.protocols.oicp.v2_3.authentication_data import PULL, PUSH, AuthenticationPush
from roaming.protocols.oicp.v2_3.evse_data import DELETE, FULL_LOAD
from roaming.protocols.oicp.v2_3.identification import ANY, MIFARE, PLUG_AND_CHARGE, QR_CODE, RFID, Identification
from roaming.protocols.wire.loss import LossReport
from roaming.routing.sides import Side
from roaming.tokens.authentication_data import CardRow, hash_pin, list_cards, push_cards
from roaming.tokens.queries import find_own_token
from roaming.tokens.receive import put_token

_KINDS = {MIFARE: "mifare", RFID: "rfid", QR_CODE: "qr", PLUG_AND_CHARGE: "pnc"}
# Above so many cards their tokens are not pushed to OCPI operators one by one: those pull, and the hub decides for them anyway.
_MOST_TOKENS = 20_000


class PushAuthenticationDataDoor(OicpDoor):
    """POST authdata/v21/providers/{providerID}/push-request."""

    side = Side.PROVIDER
    operation = "push-cards"
    body_limit = 256 * MIB
    is_large = True
    keeps_body = False

    def operate(self, body: Any) -> dict[str, Any]:
        """This function will apply a push of cards; their tokens reach OCPI operators in the same transaction."""
        push = PUSH.read(body)
        self.check_id(push.data.provider_id)
        self._check_contracts(push)
        rows = [self._row(medium) for medium in push.data.identifications]
        with transaction.atomic():
            self.note_name(push.data.provider_name)
            change = push_cards(provider=self.entry.id, action=push.action, rows=rows, at=self.at)  # type: ignore[arg-type]
            self._tell(push, gone={key for _, key in change.deleted})
        return statuses.acknowledgement(statuses.SUCCESS)

    def _check_contracts(self, push: AuthenticationPush) -> None:
        for medium in push.data.identifications:
            contract = medium.contract_id
            if contract and not is_own_contract(contract_id=contract, provider=self.party, platform=self.caller):
                raise OicpRefusal(statuses.INCONSISTENT_EVCO)

    def _row(self, medium: Identification) -> CardRow:
        document: dict[str, Any] = ANY.write(medium) if ANY.write else {}
        content = {name: value for name, value in document[medium.member].items() if name not in ("PIN", "HashedPIN")}
        function, salt, hashed = "", "", ""
        if medium.pin is not None:
            function, hashed = "Bcrypt", hash_pin(medium.pin)
        elif medium.hashed_pin is not None:
            legacy = medium.hashed_pin.legacy
            function, hashed = medium.hashed_pin.function, medium.hashed_pin.value
            if legacy is not None:
                function, salt, hashed = legacy.function, legacy.salt or "", legacy.value or hashed
        return CardRow(
            provider_id=self.entry.id,
            kind=_KINDS[medium.member],
            record_key=medium.uid or contract_key(medium.contract_id or ""),
            contract_id=medium.contract_id or "",
            document={medium.member: content},
            pin_function=function,
            pin_salt=salt,
            pin_hash=hashed,
            expires_at=medium.expires.at if medium.expires else None,
        )

    def _tell(self, push: AuthenticationPush, *, gone: set[str]) -> None:
        """This function will tell OCPI operators the tokens: of an online provider to be asked about each time, else to be trusted."""
        whitelist = Whitelist.NEVER if is_online(self.caller) else Whitelist.ALLOWED
        media = [medium for medium in push.data.identifications if medium.is_rfid or medium.member == PLUG_AND_CHARGE]
        if len(media) > _MOST_TOKENS:
            return
        if push.action != DELETE:
            self._note_losses(push.data.identifications)
        for medium in media:
            uid = medium.uid or medium.contract_id or ""
            expired = medium.expires is not None and medium.expires.at <= self.at
            self._put(medium, uid, whitelist, valid=push.action != DELETE and not expired)
        told = {medium.uid for medium in media}
        if push.action == FULL_LOAD:
            for uid in gone - told:
                self._bury(uid, whitelist)

    def _note_losses(self, media: Sequence[Identification]) -> None:
        for medium in media:
            report, uid = LossReport(), medium.uid or ""
            is_told = note_card(medium, report)
            note_crossing(report, owner=self.party, module="tokens", version=TO_OCPI, object_id=uid, at=self.at, is_blocked=not is_told)

    def _put(self, medium: Identification, uid: str, whitelist: Whitelist, *, valid: bool) -> None:
        token = make_token(
            provider=self.party,
            uid=uid,
            type="RFID" if medium.is_rfid else "EMAID",
            contract_id=medium.contract_id,
            issuer=self.entry.name or str(self.party),
            at=self.at,
            whitelist=whitelist,
            valid=valid,
            visual_number=medium.printed_number,
        )
        put_token(token=token, audience=None, at=self.at, correlation_id="")

    def _bury(self, uid: str, whitelist: Whitelist) -> None:
        held = find_own_token(owner=self.party, uid=uid, type="RFID")
        if held is not None and held.valid:
            token = canonical.from_builtins(
                {**canonical.to_builtins(held), "valid": False, "last_updated": self.at.isoformat()}, canonical.Token
            )
            put_token(token=token, audience=None, at=self.at, correlation_id="")


class PullAuthenticationDataDoor(OicpDoor):
    """POST authdata/v21/operators/{operatorID}/pull-request: legacy; only cards of offline providers, and never a PIN."""

    side = Side.OPERATOR
    operation = "pull-cards"
    keeps_body = False

    def operate(self, body: Any) -> dict[str, Any]:
        """This function will return the cards of the offline providers that the operator may roam with."""
        pull = PULL.read(body)
        self.check_id(pull.operator_id)
        partners = candidates(operator=self.party, module="tokens", on=self.at.date(), directory=self.directory)
        if not partners:
            raise OicpRefusal(statuses.NO_CONTRACT, http=403)
        offline = {
            entry.id: entry
            for entry in partners
            if (platform := self.directory.platform_on_side(entry.key, Side.PROVIDER)) is not None
            and platform.protocol == "oicp"
            and not is_online(platform)
        }
        grouped: dict[int, list[dict[str, Any]]] = {row: [] for row in offline}
        for provider, document in list_cards(providers=list(offline)):
            if QR_CODE not in document:
                grouped[provider].append({"Identification": document})
        told = [{"ProviderID": write_provider(entry.key), "AuthenticationDataRecord": grouped[row]} for row, entry in offline.items()]
        return {
            "AuthenticationData": {"ProviderAuthenticationData": told},
            "StatusCode": statuses.status_code(statuses.SUCCESS),
        }
