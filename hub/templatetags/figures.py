"""`{% load figures %}`: money, energy, instants, names and states, as everywhere in the house (roaming/figures.py)."""

from typing import Any

from django import template
from django.template.context import RequestContext

from hub.directory.countries import country_name
from roaming import figures

register = template.Library()

register.filter("money", figures.money)
register.filter("exact_money", figures.exact_money)
register.filter("energy", figures.energy)
register.filter("duration", figures.duration)
register.filter("instant", figures.instant)
register.filter("instant_to_the_second", figures.instant_to_the_second)
register.filter("day", figures.day)
register.filter("masked", figures.masked)
register.filter("country", country_name)
register.filter("party_name", figures.party_name)
register.filter("party", figures.party_cell)
register.simple_tag(figures.chip, name="chip")


@register.filter
def count(value: int | None) -> str:
    """This function will write a whole number with thousands apart."""
    return figures.NOTHING if value is None else figures.number(value, decimals=0)


@register.filter
def kwh(value: Any) -> str:
    """This function will write an energy for a summary, with one decimal."""
    return figures.energy(value, decimals=1)


@register.filter
def percent(value: Any) -> str:
    """This function will write a VAT rate: 19 %, 8.1 %."""
    text = figures.number(value, decimals=2).rstrip("0").rstrip(".")
    return f"{text} %"


@register.simple_tag(takes_context=True)
def here(context: RequestContext, name: str) -> str:
    """This function will mark the navigation's link of the page one is on."""
    match = getattr(context.get("request"), "resolver_match", None)
    return "page" if match is not None and match.view_name.startswith(name) else "false"
