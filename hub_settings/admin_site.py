"""How the admin looks and is ordered (django-unfold). Its pages are in roaming/admin, settlement/admin and hub/users/admin.py."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _


def _page(title: Any, icon: str, model: str) -> dict[str, Any]:
    app, name = model.split(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": lambda request: bool(request.user.has_perm(f"{app}.view_{name}")),
    }


ADMIN_SITE: dict[str, Any] = {
    "SITE_TITLE": "Roamhouse",
    "SITE_HEADER": "Roamhouse",
    "SITE_SUBHEADER": _("Finance and operations"),
    "SITE_SYMBOL": "hub",
    "SITE_URL": "/",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("images/mark.svg")}],
    "SHOW_HISTORY": False,
    "ENVIRONMENT": "hub.dashboard.environment",
    "DASHBOARD_CALLBACK": "hub.dashboard.dashboard",
    # Colours come from our own style sheet: Unfold would write them as an inline style, which the content policy refuses.
    "GLOBAL_CALLBACK": "hub.dashboard.without_inline_colours",
    "STYLES": [lambda request: static("css/admin.css")],
    "ACCOUNT": {
        "navigation": [
            {"title": _("Your access: second factor"), "link": reverse_lazy("account:security")},
            {"title": _("Change password"), "link": reverse_lazy("admin:password_change")},
        ]
    },
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {"items": [{"title": _("Today"), "icon": "today", "link": reverse_lazy("admin:index")}]},
            {
                "title": _("Settlement"),
                "separator": True,
                "items": [
                    _page(_("Runs"), "event_repeat", "settlement.nettingrun"),
                    _page(_("Statements"), "description", "settlement.statement"),
                    _page(_("Held CDRs"), "pan_tool", "settlement.hold"),
                    _page(_("Disputes"), "gavel", "settlement.dispute"),
                    _page(_("Rules of control"), "rule", "settlement.rulechange"),
                    _page(_("Positions"), "balance", "settlement.position"),
                    _page(_("Ledger"), "menu_book", "settlement.entry"),
                    _page(_("Settlement terms"), "contract", "settlement.settlementterms"),
                    _page(_("Payment details"), "account_balance", "settlement.paymentdetails"),
                    {
                        "title": _("Try a change"),
                        "icon": "science",
                        "link": reverse_lazy("admin_trial"),
                        "permission": lambda request: bool(request.user.has_perm("settlement.view_settlementterms")),
                    },
                ],
            },
            {
                "title": _("Roaming"),
                "separator": True,
                "items": [
                    _page(_("CDRs"), "receipt_long", "roaming.cdr"),
                    _page(_("Sessions"), "bolt", "roaming.session"),
                    _page(_("Authorisations"), "how_to_reg", "roaming.authorization"),
                    _page(_("Locations"), "location_on", "roaming.location"),
                    _page(_("Tariffs"), "sell", "roaming.tariff"),
                    _page(_("Tokens"), "badge", "roaming.token"),
                    _page(_("Deliveries"), "outbox", "roaming.delivery"),
                    _page(_("Exchanges"), "swap_horiz", "roaming.exchange"),
                    _page(_("Crossing losses"), "translate", "roaming.crossingloss"),
                    _page(_("Data quality"), "rule", "roaming.evseprojection"),
                    _page(_("Set aside"), "inbox", "roaming.quarantineditem"),
                ],
            },
            {
                "title": _("People"),
                "separator": True,
                "items": [
                    _page(_("Platforms"), "dns", "roaming.platform"),
                    _page(_("Parties"), "domain", "roaming.party"),
                    _page(_("Claims"), "verified_user", "roaming.partyclaim"),
                    _page(_("Habits seen"), "record_voice_over", "roaming.profileproposal"),
                    _page(_("Agreements"), "handshake", "roaming.roamingagreement"),
                    _page(_("Users"), "group", "hub.user"),
                    _page(_("Audit trail"), "history", "roaming.auditrecord"),
                ],
            },
        ],
    },
}
