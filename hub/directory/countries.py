"""Countries' names from the three letters that OCPI gives, in the language of the page (Unicode CLDR, by babel)."""

from babel import Locale, UnknownLocaleError
from django.utils.translation import get_language

# ISO 3166-1: where EV roaming in this hub is at home; others show their three letters.
_TABLE = """
ALB:AL AND:AD AUT:AT BEL:BE BGR:BG BIH:BA CHE:CH CYP:CY CZE:CZ DEU:DE DNK:DK ESP:ES EST:EE FIN:FI FRA:FR GBR:GB GRC:GR
HRV:HR HUN:HU IRL:IE ISL:IS ITA:IT LIE:LI LTU:LT LUX:LU LVA:LV MCO:MC MDA:MD MKD:MK MLT:MT MNE:ME NLD:NL NOR:NO POL:PL
PRT:PT ROU:RO SRB:RS SVK:SK SVN:SI SWE:SE TUR:TR UKR:UA USA:US CAN:CA JPN:JP KOR:KR AUS:AU NZL:NZ ISR:IL
"""
_ALPHA_2 = dict(pair.split(":") for pair in _TABLE.split())


def country_name(code: str) -> str:
    """This function will return the name of a country, or the code itself where it is none we know."""
    try:
        locale = Locale.parse(get_language() or "en", sep="-")
    except (UnknownLocaleError, ValueError):
        locale = Locale("en")
    return str(locale.territories.get(_ALPHA_2.get(code.upper(), ""), code))
