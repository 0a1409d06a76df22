"""A dunning letter as a page, in the debtor's language where there are words for it (German), else in English; the same bytes each time."""

import io
from collections.abc import Iterator, Mapping

from reportlab.lib.units import mm
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Spacer

from settlement.documents.pdf_numbers import day, figure, written_for
from settlement.documents.pdf_page import NumberedCanvas
from settlement.documents.pdf_style import BODY, HEADING, MARGIN, PAGE, QUIET_BODY, REGULAR, TITLE, WIDTH, register_fonts, style, text
from settlement.documents.pdf_tables import facts
from settlement.documents.words import language_of
from settlement.payments.letters import LetterContent
from settlement.statements.content import PartyDetails

_ENGLISH: Mapping[str, str] = {
    "1": "Reminder of a payment",
    "2": "First notice of an overdue payment",
    "3": "Second notice of an overdue payment",
    "4": "Last notice before you are left out of the netting",
    "open": "By our books the payment below has not arrived in full. If you sent it meanwhile, take this letter as settled.",
    "end": "If it does not arrive, your company may be left out of the next netting, and each of your debts is then due by itself.",
    "period": "Settlement of",
    "due": "Was due on",
    "days": "Days overdue",
    "planned": "To be paid",
    "received": "Received",
    "left": "Open",
    "interest": "Interest, {percent} % a year",
    "total": "Please pay",
    "by": "By",
    "iban": "To the IBAN",
    "reference": "With the reference",
    "agent": "Written by the hub in the name of the creditor; the statement of the period shows how the amount came about.",
}
_GERMAN: Mapping[str, str] = {
    "1": "Zahlungserinnerung",
    "2": "Erste Mahnung",
    "3": "Zweite Mahnung",
    "4": "Letzte Mahnung vor dem Ausschluss aus der Verrechnung",
    "open": "Nach unseren Büchern ist die folgende Zahlung nicht vollständig eingegangen. Wurde sie inzwischen veranlasst, ist dieser "
    "Brief erledigt.",
    "end": "Geht sie nicht ein, kann Ihr Unternehmen aus der nächsten Verrechnung ausgeschlossen werden; jede Schuld ist dann einzeln "
    "fällig.",
    "period": "Abrechnung für",
    "due": "War fällig am",
    "days": "Tage überfällig",
    "planned": "Zu zahlen war",
    "received": "Eingegangen",
    "left": "Offen",
    "interest": "Zinsen, {percent} % im Jahr",
    "total": "Bitte zahlen Sie",
    "by": "Bis zum",
    "iban": "Auf die IBAN",
    "reference": "Mit der Referenz",
    "agent": "Vom Hub im Namen des Gläubigers geschrieben; die Abrechnung des Zeitraums zeigt, wie der Betrag entstand.",
}


def title_of(*, content: LetterContent) -> str:
    """This function will return the title of a letter."""
    return _words(content)[str(content.stage)]


def draw_letter(*, content: LetterContent) -> bytes:
    """This function will return a letter as a PDF with embedded fonts."""
    register_fonts()
    output = io.BytesIO()
    document = BaseDocTemplate(
        output,
        pagesize=PAGE,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        title=f"{title_of(content=content)} {content.reference}",
        author=content.creditor.name,
        subject=f"{content.creditor.party} to {content.debtor.party}",
        invariant=1,
        initialFontName=REGULAR,
    )
    frame = Frame(MARGIN, 20 * mm, WIDTH, PAGE[1] - 40 * mm, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0)
    document.addPageTemplates([PageTemplate("letter", [frame])])
    with written_for(language=language_of(told=content.debtor.language), country=content.debtor.country):
        document.build(list(_story(content)), canvasmaker=NumberedCanvas)
    return output.getvalue()


def _story(content: LetterContent) -> Iterator[Flowable]:
    words = _words(content)
    yield from _address(content.creditor, small=True)
    yield Spacer(0, 14 * mm)
    yield from _address(content.debtor, small=False)
    yield Spacer(0, 10 * mm)
    yield text(day(content.written_on), QUIET_BODY)
    yield text(words[str(content.stage)], TITLE)
    yield Spacer(0, 4 * mm)
    yield text(words["open"], BODY)
    yield Spacer(0, 4 * mm)
    yield facts(
        [
            (words["period"], content.period),
            (words["due"], day(content.due_on)),
            (words["days"], str(content.days_overdue)),
            (words["planned"], f"{figure(content.planned)} {content.currency}"),
            (words["received"], f"{figure(content.received)} {content.currency}"),
            (words["left"], f"{figure(content.open)} {content.currency}"),
            *_interest(content),
        ]
    )
    yield text(f"{words['total']}: {figure(content.total)} {content.currency}", style("total", size=12, bold=True))
    yield text("", HEADING)
    yield facts(
        [
            (words["by"], day(content.pay_by)),
            *([(words["iban"], content.creditor.iban)] if content.creditor.iban else []),
            (words["reference"], content.reference),
        ]
    )
    if content.stage > 1:
        yield text(words["end"], BODY)
    yield Spacer(0, 6 * mm)
    yield text(words["agent"], QUIET_BODY)


def _interest(content: LetterContent) -> list[tuple[str, str]]:
    if not content.interest.strip("0."):
        return []
    return [
        (_words(content)["interest"].format(percent=figure(content.interest_percent)), f"{figure(content.interest)} {content.currency}")
    ]


def _address(party: PartyDetails, *, small: bool) -> Iterator[Flowable]:
    city = ", ".join(filter(None, [" ".join(filter(None, [party.postal_code, party.city])), party.country]))
    for line in filter(None, [party.name, party.street, city, party.party]):
        yield text(line, QUIET_BODY if small else BODY)


def _words(content: LetterContent) -> Mapping[str, str]:
    return _GERMAN if language_of(told=content.debtor.language) == "de" else _ENGLISH
