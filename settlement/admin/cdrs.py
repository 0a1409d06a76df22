"""CDRs with their money: who, where, how much, what the checks said, what it was charged, and the bytes as they came."""

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from roaming import canonical
from roaming.admin.notes import NOTE, Noted
from roaming.admin.pages import BigTablePage, page_link
from roaming.admin.steps import StepsPage
from roaming.figures import (
    NOTHING,
    chip,
    duration,
    energy,
    exact_money,
    figure,
    instant,
    instant_to_the_second,
    link,
    masked,
    moment,
    number,
    party_cell,
    place_of,
    pretty_json,
    two_lines,
)
from roaming.models import Cdr
from settlement.clearing.standing import standing_of
from settlement.models import Charge, Hold, NettingRun


class ClearingState(admin.SimpleListFilter):
    """Filters CDRs by where they stand."""

    title = "clearing"
    parameter_name = "clearing"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """This function will list the states."""
        return [("held", "held"), ("cleared", "charged"), ("credit", "credit"), ("waiting", "not looked at yet")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Cdr]) -> QuerySet[Cdr]:
        """This function will narrow the rows."""
        match self.value():
            case "held":
                return queryset.filter(hold__state=Hold.State.HELD)
            case "cleared":
                return queryset.filter(charge__isnull=False)
            case "credit":
                return queryset.filter(is_credit=True)
            case "waiting":
                return queryset.filter(charge__isnull=True, hold__isnull=True)
        return queryset


@admin.register(Cdr)
class CdrPage(Noted, BigTablePage, StepsPage):
    """Sealed CDRs, newest first. Nothing here can be edited, in the database neither."""

    steps = (NOTE,)
    keeps_who_looked = True
    empty = "No CDR yet. They arrive when sessions end; the demonstration network sends some every minute."
    list_display = ["cdr", "state", "operator_cell", "provider_cell", "place", "energy_figure", "net_figure", "ended_cell"]
    list_filter = [ClearingState, "owner", "provider", "currency"]
    list_select_related = ["owner", "provider", "charge", "hold"]
    search_help_text = "CDR id, or CC-PID/CDR id."
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("cdr", "state"),
                    ("operator_cell", "provider_cell"),
                    ("address", "charge_point"),
                    ("began", "ended"),
                    ("energy_figure", "took"),
                ]
            },
        ),
        ("Money", {"fields": [("net_figure", "vat_figure"), ("whose_price", "charged"), "said", "credit_chain", "ways"]}),
        ("Driver", {"fields": [("token", "contract"), ("session_id", "authorization_reference"), "auth_method"]}),
        ("Receipt", {"fields": [("received_on", "received_as"), "short_seal"]}),
        ("Notes and changes", {"fields": ["trail"]}),
        ("As it came", {"fields": ["raw"], "classes": ["collapse"]}),
        ("In the canonical language", {"fields": ["canonical_form"], "classes": ["collapse"]}),
    ]
    readonly_fields = [
        *[
            "cdr",
            "state",
            "operator_cell",
            "provider_cell",
            "address",
            "charge_point",
            "whose_price",
            "received_as",
            "began",
            "ended",
            "energy_figure",
            "took",
            "net_figure",
            "vat_figure",
        ],
        *["charged", "said", "credit_chain", "token", "contract", "received_on", "short_seal", "raw", "canonical_form", "trail", "ways"],
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Cdr]:
        """This function will read what a list shows in one query, without the received bytes."""
        queryset: QuerySet[Cdr] = super().get_queryset(request).defer("received")
        return queryset

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """This function will let the link of a pair's total name the charges it is made of."""
        return lookup.startswith("charge__") or bool(super().lookup_allowed(lookup, value, request))

    def find(self, queryset: QuerySet[Cdr], text: str) -> QuerySet[Cdr]:
        """This function will find by id, or by operator and id, in any letter case."""
        owner, _, cdr_id = text.rpartition("/")
        found = queryset.filter(cdr_key=cdr_id.upper())
        if not owner:
            return found
        try:
            party = canonical.PartyId.parse(owner)
        except canonical.NotAPartyId:
            return queryset.none()
        return found.filter(owner__country_code=party.country_code, owner__party_id=party.party_id)

    @display(description="CDR")
    def cdr(self, row: Cdr) -> str:
        """This function will name it."""
        return row.cdr_id

    @display(description="state")
    def state(self, row: Cdr) -> SafeString:
        """This function will tell where it stands."""
        return chip(standing_of(row))

    @display(description="operator")
    def operator_cell(self, row: Cdr) -> SafeString | str:
        """This function will name the operator."""
        return party_cell(row.owner)

    @display(description="provider")
    def provider_cell(self, row: Cdr) -> SafeString | str:
        """This function will name the provider."""
        return party_cell(row.provider)

    @display(description="where")
    def place(self, row: Cdr) -> SafeString:
        """This function will tell location and city."""
        place = place_of(row.body)
        return two_lines(place.name or place.address, ", ".join((place.city, place.country)))

    @display(description="where")
    def address(self, row: Cdr) -> str:
        """This function will tell the full address."""
        place = place_of(row.body)
        return ", ".join(part for part in (place.name, place.address, place.postal_code, place.city, place.country) if part)

    @display(description="EVSE")
    def charge_point(self, row: Cdr) -> str:
        """This function will name the EVSE."""
        return row.evse_id or NOTHING

    @display(description="priced by")
    def whose_price(self, row: Cdr) -> str:
        """This function will tell whose price it is."""
        return "the hub" if row.priced_by == "hub" else "the operator"

    @display(description="received as")
    def received_as(self, row: Cdr) -> str:
        """This function will tell protocol and version."""
        return row.protocol

    @display(description="energy")
    def energy_figure(self, row: Cdr) -> SafeString:
        """This function will show the energy."""
        return figure(energy(row.energy_kwh))

    @display(description="duration")
    def took(self, row: Cdr) -> str:
        """This function will show the duration."""
        return duration(row.duration_hours)

    @display(description="net")
    def net_figure(self, row: Cdr) -> SafeString:
        """This function will show the price before VAT."""
        return figure(exact_money(row.net, row.currency))

    @display(description="VAT told")
    def vat_figure(self, row: Cdr) -> SafeString:
        """This function will show the VAT the CDR told."""
        return figure(exact_money(row.vat, row.currency) if row.vat is not None else "not told")

    @display(description="began")
    def began(self, row: Cdr) -> str:
        """This function will tell when it began."""
        return instant(row.started_at)

    @display(description="ended")
    def ended(self, row: Cdr) -> str:
        """This function will tell when it ended."""
        return instant(row.ended_at)

    @display(description="ended")
    def ended_cell(self, row: Cdr) -> SafeString | str:
        """This function will tell when it ended, for the list."""
        return moment(row.ended_at)

    @display(description="charge")
    def charged(self, row: Cdr) -> SafeString | str:
        """This function will show what clearing made of it."""
        charge: Charge | None = getattr(row, "charge", None)
        if charge is None:
            hold: Hold | None = getattr(row, "hold", None)
            return page_link(hold, "Held: see why, and release") if hold is not None else "not charged yet"
        return (
            f"{exact_money(charge.gross, charge.currency)} gross = {exact_money(charge.net, charge.currency)} net + "
            f"{exact_money(charge.vat, charge.currency)} VAT at {number(charge.vat_rate, decimals=2)} %"
            f"{f' ({charge.tax_note})' if charge.tax_note else ''}, booked in {charge.period}"
        )

    @display(description="what the checks said")
    def said(self, row: Cdr) -> SafeString | str:
        """This function will list the findings."""
        findings = [
            (finding.message, finding.action, finding.code, finding.check_number) for finding in row.findings.order_by("check_number")
        ]
        if not findings:
            return "nothing against it"
        return format_html('<ul class="reasons">{}</ul>', format_html_join("", "<li>{} <small>{} · {} · check {}</small></li>", findings))

    @display(description="credit chain")
    def credit_chain(self, row: Cdr) -> SafeString | str:
        """This function will link the original and its credit."""
        if row.credit_of is not None:
            return format_html("cancels {}", page_link(row.credit_of))
        credit = row.credits.first()
        return format_html("cancelled by {}", page_link(credit)) if credit is not None else NOTHING

    @display(description="from here")
    def ways(self, row: Cdr) -> SafeString:
        """This function will link to the run, the pair, the tariff and the messages of the CDR."""
        charge: Charge | None = getattr(row, "charge", None)
        exchanges, tariffs = reverse("admin:roaming_exchange_changelist"), reverse("admin:roaming_tariff_changelist")
        told: list[SafeString | str] = [link(f"{exchanges}?{urlencode({'q': row.cdr_id})}", "its messages")]
        told += [link(f"{tariffs}?{urlencode({'q': name})}", f"tariff {name}") for name in _tariffs_of(row)]
        if charge is not None:
            run = NettingRun.objects.filter(netting_set=charge.netting_set_id, period=charge.period).exclude(state="void").first()
            pairs = reverse("admin:settlement_pairtotal_changelist")
            pair = f"operator__id__exact={charge.operator_id}&provider__id__exact={charge.provider_id}"
            told += [page_link(run), link(f"{pairs}?run__id__exact={run.pk}&{pair}", "its pair")] if run is not None else []
        told += [page_link(dispute, f"dispute {dispute.pk}") for dispute in row.disputes.order_by("id")]
        return format_html_join(" · ", "{}", ((one,) for one in told))

    @display(description="token")
    def token(self, row: Cdr) -> str:
        """This function will show the token but for its last characters."""
        return masked(row.token_uid)

    @display(description="contract")
    def contract(self, row: Cdr) -> str:
        """This function will show the contract but for its last characters."""
        return masked(row.contract_id)

    @display(description="received")
    def received_on(self, row: Cdr) -> str:
        """This function will tell when it was sealed."""
        return instant_to_the_second(row.received_at)

    @display(description="seal")
    def short_seal(self, row: Cdr) -> str:
        """This function will show the beginning of its seal."""
        return bytes(row.seal).hex()[:16]

    @display(description="received body")
    def raw(self, row: Cdr) -> SafeString:
        """This function will show the body as it came."""
        return pretty_json(row.received)

    @display(description="canonical form")
    def canonical_form(self, row: Cdr) -> SafeString:
        """This function will show the stored form."""
        return pretty_json(row.body)


def _tariffs_of(row: Cdr) -> list[str]:
    """The ids of the tariffs that the CDR names, each once."""
    told = canonical.messages.decode(bytes(row.body), canonical.Cdr)
    ids = [period.tariff_id for period in told.charging_periods if period.tariff_id] + [tariff.id for tariff in told.tariffs]
    return list(dict.fromkeys(ids))[:5]
