"""PURE. What an invoice says in free text, in the buyer's language: German where the buyer reads German, English for everybody else.

Codes, numbers and amounts are the same in every language; a phrase that has no translation stays English rather than missing.
"""

import re
from collections.abc import Mapping

TRANSLATED = frozenset({"de"})

_GERMAN: Mapping[str, str] = {
    # titles and labels of the page
    "Invoice": "Rechnung",
    "Credit note": "Gutschrift (Rechnungskorrektur)",
    "Self-billed invoice": "Gutschrift im umsatzsteuerlichen Sinn (Selbstfakturierung)",
    "Self-billed credit note": "Korrektur einer Gutschrift im umsatzsteuerlichen Sinn",
    "Number": "Nummer",
    "Issued on": "Ausgestellt am",
    "Supplied": "Geliefert",
    "Due on": "Fällig am",
    "Currency": "Währung",
    "Corrects": "Berichtigt",
    "From": "Von",
    "To": "An",
    "VAT id": "USt-IdNr.",
    "Supplies": "Lieferungen",
    "VAT": "USt",
    "What": "Was",
    "Net": "Netto",
    "Category": "Kategorie",
    "Reason": "Grund",
    "Rate %": "Satz %",
    "Base": "Bemessung",
    "Total": "Summe",
    "Total given back": "Summe, die gutgeschrieben wird",
    "Total due": "Zu zahlen",
    "VAT in": "USt in",
    "Self-billing: issued by the customer in the supplier's name (Art. 224 of Directive 2006/112/EC).": (
        "Gutschrift: vom Leistungsempfänger im Namen des Lieferers ausgestellt (Art. 224 der Richtlinie 2006/112/EG)."
    ),
    "The invoice proper is the XML embedded in this file (factur-x.xml); this page is its picture.": (
        "Die Rechnung selbst ist das eingebettete XML (factur-x.xml); diese Seite ist ihr Bild."
    ),
    # lines
    "Charging sessions of the period": "Ladevorgänge des Zeitraums",
    "Charging sessions of earlier periods": "Ladevorgänge früherer Zeiträume",
    "Charging sessions taken back": "Zurückgenommene Ladevorgänge",
    "Disputed sessions": "Strittige Ladevorgänge",
    "Hub fee for": "Gebühr des Hubs für",
    # reasons and law
    "Reverse charge": "Steuerschuldnerschaft des Leistungsempfängers (reverse charge)",
    "Outside the scope of VAT": "Nicht steuerbar",
    "Buyer and seller are taxed in one state: the seller charges its VAT (Art. 193).": (
        "Käufer und Verkäufer werden in einem Staat besteuert: der Verkäufer berechnet die Steuer (Art. 193)."
    ),
    "The buyer does not resell: taxed where the electricity is consumed, by the seller's registration there.": (
        "Der Käufer ist kein Wiederverkäufer: besteuert am Ort des Verbrauchs, über die dortige Registrierung des Verkäufers."
    ),
    "The buyer resells: taxed where it is established, and it accounts for the VAT.": (
        "Der Käufer ist Wiederverkäufer: besteuert an seinem Sitz, er schuldet die Steuer."
    ),
    "Consumed in the buyer's state, where the seller is not established: the buyer accounts for the VAT.": (
        "Verbraucht im Staat des Käufers, wo der Verkäufer nicht ansässig ist: der Käufer schuldet die Steuer."
    ),
    "The buyer does not resell: taxed where the electricity is consumed, the seller's own state.": (
        "Der Käufer ist kein Wiederverkäufer: besteuert am Ort des Verbrauchs, im Staat des Verkäufers."
    ),
    "Between two states of the Union the buyer accounts for the VAT.": "Zwischen zwei Staaten der Union schuldet der Käufer die Steuer.",
    "VAT as the CDR tells it: no rule of the table decides, because tax details of a party are missing.": (
        "Steuer wie im CDR genannt: keine Regel entscheidet, weil steuerliche Angaben einer Partei fehlen."
    ),
    "The hub's service to a business: taxed where the recipient is established, here the hub's own state.": (
        "Leistung des Hubs an ein Unternehmen: besteuert am Sitz des Empfängers, hier im Staat des Hubs."
    ),
    "The hub's service to a business: taxed where the recipient is established, and it accounts for the VAT.": (
        "Leistung des Hubs an ein Unternehmen: besteuert am Sitz des Empfängers, der die Steuer schuldet."
    ),
    "The hub's service to a business: taxed where the recipient is established, in another tax territory.": (
        "Leistung des Hubs an ein Unternehmen: besteuert am Sitz des Empfängers, in einem anderen Steuergebiet."
    ),
}
_SETTLED = {
    "": "Settled by the netting of {period}, {netting_set}: see the statement.",
    "de": "Beglichen durch die Verrechnung für {period}, {netting_set}: siehe Abrechnung.",
}
_KWH = re.compile(r"(\d)\.(\d+) kWh")


def language_of(*, told: str) -> str:
    """This function will return the language in which a reader is written to: theirs where there is a translation, else nothing."""
    return told if told in TRANSLATED else ""


def say(*, phrase: str, language: str) -> str:
    """This function will return a phrase of an invoice in a language, in English where there is no translation."""
    return _GERMAN.get(phrase, phrase) if language == "de" else phrase


def say_line(*, description: str, language: str) -> str:
    """This function will return the description of a line in a language: its words, and how its figures are written."""
    if language != "de":
        return description
    for phrase, words in _GERMAN.items():
        if description.startswith((f"{phrase}: ", f"{phrase} ")):
            return _KWH.sub(r"\1,\2 kWh", words + description[len(phrase) :])
    return description


def say_settled(*, period: str, netting_set: str, language: str) -> str:
    """This function will say that the amount is settled by netting (EN 16931, BT-20)."""
    return _SETTLED[language if language in _SETTLED else ""].format(period=period, netting_set=netting_set)
