"""What the checks of control say, in the language of the page: their sentence from the catalogue, and the particulars as they were kept.

The particulars name values and limits and were written when the CDR was judged, in English; auditors and both partners read the same.
"""

from collections.abc import Mapping

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, gettext_noop

from settlement.control.catalogue import CHECKS

# Here so that the German text knows them; a test keeps both lists the same.
SENTENCES = (
    gettext_noop("Schema, type, length or enumeration violated; every error is listed."),
    gettext_noop("The sender may not speak for this operator or EVSE."),
    gettext_noop("Same id and content again: answered as before, nothing new."),
    gettext_noop("Same id, other content: send a credit and a new CDR."),
    gettext_noop("Another CDR, not credited, for the same authorisation (same session: rejected)."),
    gettext_noop("Same EVSE and token, start within seconds, energy within percent."),
    gettext_noop("Unknown operator or provider: rejected; suspended since the start: held."),
    gettext_noop("No terms between the pair at the start of the session."),
    gettext_noop("Country, power type or token type outside the terms."),
    gettext_noop("The hub was never told this location or EVSE."),
    gettext_noop("The EVSE was removed, planned or private."),
    gettext_noop("Connector or power type contradict the location."),
    gettext_noop("The provider never told nor authorised the token."),
    gettext_noop("The token was blocked before the session started."),
    gettext_noop("The contract ID is of another provider, or not that of the token."),
    gettext_noop("Two providers told the same token uid with the same contract."),
    gettext_noop("Too far from the location, or in another country (held)."),
    gettext_noop("Neither a session nor an authorisation was seen."),
    gettext_noop("The authorisation that the CDR names was refused."),
    gettext_noop("The provider gave an authorization_reference, the CDR carries none."),
    gettext_noop("Started before its authorisation, or long after (held)."),
    gettext_noop("The remote start was refused or timed out, yet there is a CDR."),
    gettext_noop("The session is invalid, pending or a reservation."),
    gettext_noop("Energy, time or cost differ from the completed session."),
    gettext_noop("A finished or long open session without CDR."),
    gettext_noop("Started offline although the token must be asked for."),
    gettext_noop("Reservation time without a reservation on record."),
    gettext_noop("Home reimbursement belongs into another ledger."),
    gettext_noop("End before start."),
    gettext_noop("Time stamps more than five minutes ahead."),
    gettext_noop("Received before the session ended."),
    gettext_noop("Energy in no time."),
    gettext_noop("Longer than anybody charges."),
    gettext_noop("A charging period outside the session."),
    gettext_noop("Charging periods overlap (held), are out of order or leave gaps."),
    gettext_noop("total_time is not end − start, nor the sum of the periods."),
    gettext_noop("Shifted from its session by exactly the zone's offset."),
    gettext_noop("The session spans a clock change."),
    gettext_noop("The location has an offset instead of a time zone."),
    gettext_noop("A date of a meter reset."),
    gettext_noop("Sent long after the session."),
    gettext_noop("Belongs to a closed period: charged in the next open one."),
    gettext_noop("The station's receive lag shifts."),
    gettext_noop("Negative energy."),
    gettext_noop("More than the EVSE's power over the whole time."),
    gettext_noop("More than volts × amperes × phases of the connector."),
    gettext_noop("More than a vehicle holds."),
    gettext_noop("meter end − meter start is not total_energy."),
    gettext_noop("The meter starts below the end of the CDR before."),
    gettext_noop("Energy between two CDRs of a meter that nobody explains."),
    gettext_noop("Wh told as kWh or the other way round."),
    gettext_noop("A fee for no energy; short sessions are held."),
    gettext_noop("No energy and no cost: kept, nothing to pay."),
    gettext_noop("Repeated micro sessions with a fee."),
    gettext_noop("Parking is charged, no period shows the end of charging."),
    gettext_noop("Parking is charged while the EVSE was out of order."),
    gettext_noop("The average power is the rated power to three decimals."),
    gettext_noop("The periods' energies do not sum to total_energy (above 1 %: rejected)."),
    gettext_noop("The EVSE declares signed values, the CDR has none."),
    gettext_noop("A signed value does not verify with the key of the EVSE."),
    gettext_noop("Signed values are not the CDR's, not of one transaction, or pages are missing."),
    gettext_noop("The same signed value stands in another CDR."),
    gettext_noop("Overlaps another CDR on the same EVSE."),
    gettext_noop("The token charges elsewhere at the same time, or travels too fast again and again."),
    gettext_noop("Too many sessions or kWh a day on one token."),
    gettext_noop("The pair's volume jumps."),
    gettext_noop("Many values just under a limit."),
    gettext_noop("A test token or test EVSE."),
    gettext_noop("The currency is not that of the tariff (at the door too, with the session's)."),
    gettext_noop("The tariff is unknown, was not in force, or is not the published one."),
    gettext_noop("The hub's price differs from the operator's."),
    gettext_noop("Parts, taxes or signs of the cost contradict each other (at the door too)."),
    gettext_noop("The price per kWh is above the agreed cap (0: no cap), or far off the market's (0: not compared)."),
    gettext_noop("Dearer than quoted when authorised: no protocol carries a quote (70 and 76 compare with the tariff)."),
    gettext_noop("Minimum, maximum or step_size misapplied."),
    gettext_noop("Priced with a tariff that began during the session."),
    gettext_noop("VAT on a reverse charge (only the net counts), or none told."),
    gettext_noop("Costs nothing though the tariff does: priced by the hub."),
    gettext_noop("A credit that does not take its original back in full (unknown or second credits: rejected)."),
    gettext_noop("Corrected again and again, or credited very late."),
)
_BY_CODE: Mapping[str, str] = {check.code: check.asks for check in CHECKS.values()}


def say_remark(*, code: str, message: str) -> SafeString | str:
    """This function will say a remark of control: in English its own sentence, elsewhere the check's, with the particulars behind it."""
    asks = _BY_CODE.get(code, "")
    said = gettext(asks) if asks else ""
    if (get_language() or "en").startswith("en") or not said or said == asks:
        return message
    return format_html('{} <small lang="en">{}</small>', said, message)
