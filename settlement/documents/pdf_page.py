"""The page around a statement: letterhead on the first, a quiet head on the others, and page x of y at the foot of all."""

from typing import Any

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from settlement.documents.pdf_style import ACCENT, BOLD, MARGIN, PAGE, PETROL, QUIET, REGULAR, RULE, WHITE
from settlement.statements.content import PartyDetails, StatementContent


class NumberedCanvas(Canvas):  # type: ignore[misc]  # reportlab ships no types
    """A canvas that knows how many pages there are before it writes the first footer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802  (reportlab's name)
        """This function will keep the page for later instead of writing it."""
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        """This function will write every page with its number, then the file."""
        for page in self._pages:
            self.__dict__.update(page)
            self.setFont(REGULAR, 7)
            self.setFillColor(QUIET)
            self.drawRightString(PAGE[0] - MARGIN, 10 * mm, f"page {self._pageNumber} of {len(self._pages)}")
            super().showPage()
        super().save()


def draw_first_page(canvas: Canvas, content: StatementContent) -> None:
    """This function will draw the letterhead: the hub's mark and name left, its address right."""
    _draw_mark(canvas, MARGIN, PAGE[1] - 21 * mm)
    canvas.setFillColor(PETROL)
    canvas.setFont(BOLD, 15)
    canvas.drawString(MARGIN + 12 * mm, PAGE[1] - 19 * mm, content.issuer.name)
    canvas.setFillColor(QUIET)
    canvas.setFont(REGULAR, 7.5)
    for row, words in enumerate(address(content.issuer)):
        canvas.drawRightString(PAGE[0] - MARGIN, PAGE[1] - 16 * mm - row * 3.4 * mm, words)
    canvas.setStrokeColor(RULE)
    canvas.line(MARGIN, PAGE[1] - 32 * mm, PAGE[0] - MARGIN, PAGE[1] - 32 * mm)
    _draw_foot(canvas, content)


def draw_later_page(canvas: Canvas, content: StatementContent) -> None:
    """This function will draw the head of a further page."""
    canvas.setFillColor(QUIET)
    canvas.setFont(REGULAR, 7.5)
    canvas.drawString(MARGIN, PAGE[1] - 13 * mm, f"{content.issuer.name} · settlement statement {content.number or 'draft'}")
    canvas.drawRightString(PAGE[0] - MARGIN, PAGE[1] - 13 * mm, f"{content.party} · {content.period} · {content.currency}")
    canvas.setStrokeColor(RULE)
    canvas.line(MARGIN, PAGE[1] - 15 * mm, PAGE[0] - MARGIN, PAGE[1] - 15 * mm)
    _draw_foot(canvas, content)


def address(details: PartyDetails) -> list[str]:
    """This function will return the lines of an address without its name, those that are known."""
    city = " ".join(filter(None, [details.postal_code, details.city]))
    lines = [details.street, ", ".join(filter(None, [city, details.country]))]
    return [line for line in [*lines, f"VAT id {details.vat_id}" if details.vat_id else "", f"Party {details.party}"] if line]


def _draw_mark(canvas: Canvas, x: float, y: float) -> None:
    # Two rings that meet: two networks, one clearing house.
    canvas.setFillColor(PETROL)
    canvas.roundRect(x, y, 9 * mm, 9 * mm, 2 * mm, stroke=0, fill=1)
    canvas.setLineWidth(1.1)
    canvas.setStrokeColor(WHITE)
    canvas.circle(x + 3.6 * mm, y + 4.5 * mm, 1.9 * mm, stroke=1, fill=0)
    canvas.setStrokeColor(ACCENT)
    canvas.circle(x + 5.6 * mm, y + 4.5 * mm, 1.9 * mm, stroke=1, fill=0)
    canvas.setLineWidth(0.5)


def _draw_foot(canvas: Canvas, content: StatementContent) -> None:
    canvas.setStrokeColor(RULE)
    canvas.line(MARGIN, 14 * mm, PAGE[0] - MARGIN, 14 * mm)
    canvas.setFillColor(QUIET)
    canvas.setFont(REGULAR, 7)
    canvas.drawString(MARGIN, 10 * mm, f"{content.number or 'draft'} · {content.party}")
    if content.chain_head:
        canvas.drawCentredString(PAGE[0] / 2, 10 * mm, f"CDR chain {content.chain_head[:16]}…")
    if content.number is None:
        canvas.saveState()
        canvas.translate(PAGE[0] / 2, PAGE[1] / 2)
        canvas.rotate(50)
        canvas.setFillColor(RULE, alpha=0.45)
        canvas.setFont(BOLD, 110)
        canvas.drawCentredString(0, 0, "DRAFT")
        canvas.restoreState()
