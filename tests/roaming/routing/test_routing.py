"""Who must hear this? Every row of the tables, by hand."""

import pytest

from roaming.canonical import PartyId, Role
from roaming.routing.arrangement import Broadcast, Direct, GetAll, HubAddressed, Interface, Misdirected, OpenRouting, choose_arrangement
from roaming.routing.arrangement import Refuse as Nowhere
from roaming.routing.audience import NotForEveryone, is_broadcast, who_hears
from roaming.routing.route import AskEach, AskOne, DecideHere, NoWay, Refuse, Route, choose_route
from roaming.routing.sides import Side, side_of

HUB, ALF, BET, CLE = PartyId("DE", "HUB"), PartyId("DE", "ALF"), PartyId("NL", "BET"), PartyId("FR", "CLE")


def route(
    receiver: PartyId | None = None,
    known_owner: PartyId | None = None,
    contract_provider: PartyId | None = None,
    partners: tuple[PartyId, ...] = (BET, CLE),
    can_decide_here: bool = False,
) -> Route:
    return choose_route(
        receiver=receiver,
        hub=HUB,
        known_owner=known_owner,
        contract_provider=contract_provider,
        partners=partners,
        can_decide_here=can_decide_here,
    )


class TestChooseRoute:
    def test_an_addressed_provider_is_asked_and_no_other(self) -> None:
        assert route(receiver=CLE, known_owner=BET, contract_provider=BET) == AskOne(CLE)

    def test_an_addressed_party_without_agreement_is_refused(self) -> None:
        assert route(receiver=ALF) == Refuse(NoWay.UNKNOWN_RECEIVER)

    def test_the_stored_token_decides_for_its_own_provider_only(self) -> None:
        assert route(receiver=BET, known_owner=BET, can_decide_here=True) == DecideHere(BET)
        assert route(receiver=CLE, known_owner=BET, can_decide_here=True) == AskOne(CLE)

    @pytest.mark.parametrize("receiver", [None, HUB])
    def test_open_routing_goes_by_owner_then_contract_then_all(self, receiver: PartyId | None) -> None:
        assert route(receiver=receiver, known_owner=BET, contract_provider=CLE, can_decide_here=True) == DecideHere(BET)
        assert route(receiver=receiver, known_owner=BET, contract_provider=CLE) == AskOne(BET)
        assert route(receiver=receiver, contract_provider=CLE) == AskOne(CLE)
        assert route(receiver=receiver, contract_provider=ALF) == AskEach((BET, CLE))
        assert route(receiver=receiver) == AskEach((BET, CLE))
        assert route(receiver=receiver, partners=(CLE,)) == AskOne(CLE)

    def test_a_token_of_a_provider_without_agreement_is_not_offered_to_the_others(self) -> None:
        assert route(known_owner=ALF, can_decide_here=True) == Refuse(NoWay.OWNER_NOT_A_PARTNER)

    def test_without_partners_there_is_nobody_to_ask(self) -> None:
        assert route(partners=()) == Refuse(NoWay.NO_PARTNER)


class TestWhoHears:
    @pytest.mark.parametrize(
        ("role", "module", "everyone"),
        [
            (Role.CPO, "locations", True),
            (Role.CPO, "tariffs", True),
            (Role.CPO, "tokens", False),
            (Role.CPO, "sessions", False),
            (Role.CPO, "cdrs", False),
            (Role.EMSP, "tokens", True),
            (Role.OTHER, "tokens", True),
            (Role.EMSP, "locations", False),
            (Role.HUB, "locations", False),
        ],
    )
    def test_only_what_a_role_owns_and_everybody_may_know_is_broadcast(self, role: Role, module: str, everyone: bool) -> None:
        assert is_broadcast(sender_role=role, module=module) is everyone
        if not everyone:
            with pytest.raises(NotForEveryone):
                who_hears(sender=ALF, sender_role=role, module=module, partners=[BET])

    def test_each_partner_hears_once_and_the_sender_never(self) -> None:
        assert who_hears(sender=ALF, sender_role=Role.CPO, module="locations", partners=[BET, ALF, CLE, BET]) == [BET, CLE]


class TestChooseArrangement:
    @pytest.mark.parametrize(
        ("to", "method", "interface", "is_list", "module", "expected"),
        [
            (BET, "PUT", "RECEIVER", False, "locations", Direct(BET)),
            (BET, "GET", "SENDER", True, "locations", Direct(BET)),
            (HUB, "GET", "SENDER", True, "locations", GetAll()),
            (HUB, "GET", "SENDER", False, "locations", HubAddressed()),
            (HUB, "GET", "RECEIVER", False, "locations", HubAddressed()),
            (HUB, "PUT", "RECEIVER", False, "locations", Broadcast()),
            (HUB, "PATCH", "RECEIVER", False, "tokens", Broadcast()),
            (HUB, "DELETE", "RECEIVER", False, "tariffs", Broadcast()),
            (HUB, "PUT", "RECEIVER", False, "sessions", OpenRouting()),
            (HUB, "POST", "RECEIVER", False, "cdrs", OpenRouting()),
            (HUB, "POST", "SENDER", False, "tokens", OpenRouting()),
            (HUB, "POST", "RECEIVER", False, "commands", OpenRouting()),
            (None, "POST", "SENDER", False, "tokens", OpenRouting()),
            (None, "GET", "SENDER", False, "locations", OpenRouting()),
            (None, "GET", "SENDER", True, "locations", Nowhere(Misdirected.LIST_WITHOUT_RECEIVER)),
        ],
    )
    def test_places_every_row_of_the_table(
        self, to: PartyId | None, method: str, interface: Interface, is_list: bool, module: str, expected: object
    ) -> None:
        assert choose_arrangement(to=to, hub=HUB, method=method, interface=interface, is_list=is_list, module=module) == expected


class TestSides:
    def test_every_market_role_has_a_side_but_the_hub(self) -> None:
        assert {role: side_of(role) for role in (Role.CPO, Role.EMSP, Role.NSP, Role.HUB)} == {
            Role.CPO: Side.OPERATOR,
            Role.EMSP: Side.PROVIDER,
            Role.NSP: Side.PROVIDER,
            Role.HUB: None,
        }
        assert Side.OPERATOR.opposite is Side.PROVIDER
        assert Side.PROVIDER.opposite is Side.OPERATOR
