"""The numbered sections of a statement on paper: each a heading, its table as wide as the page, and its sentence."""

from collections.abc import Iterator

from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import CondPageBreak, Flowable, Spacer

from settlement.documents.pdf_numbers import figure
from settlement.documents.pdf_style import HEADING, REGULAR, RIGHT_TINY, TINY, WIDTH, text
from settlement.documents.pdf_tables import note, ruled_table
from settlement.statements.sections import FIGURES, Section

_SIZE = 6.5
_NARROWEST, _WIDEST = 12 * mm, 70 * mm


def section_of(section: Section) -> Iterator[Flowable]:
    """This function will yield one section; a section without rows is its sentence."""
    yield CondPageBreak(28 * mm)
    yield text(f"{section.number} {section.title}", HEADING)
    if section.rows:
        # Words come first and figures last, as in every table of a statement; ties keep their order.
        order = sorted(range(len(section.columns)), key=lambda place: section.columns[place] in FIGURES)
        words = sum(name not in FIGURES for name in section.columns)
        columns = [section.columns[place] for place in order]
        rows = [[_cell(row[place], section.columns[place]) for place in order] for row in section.rows]
        told = [[row[place] for place in order] for row in section.rows]
        yield ruled_table(
            [[text(name, RIGHT_TINY if name in FIGURES else TINY) for name in columns], *rows],
            widths=_widths(columns, told),
            words=words,
            size=_SIZE,
        )
        yield Spacer(0, 1.5 * mm)
    if section.note:
        yield note(section.note)


def _cell(content: str, column: str) -> object:
    if column not in FIGURES:
        return text(content, TINY)
    try:
        return figure(content) if content else ""
    except ValueError:
        return content


def _widths(columns: list[str], rows: list[list[str]]) -> list[float]:
    wanted = [
        min(max(max(stringWidth(cell, REGULAR, _SIZE) for cell in (column, *(row[place] for row in rows))) + 8, _NARROWEST), _WIDEST)
        for place, column in enumerate(columns)
    ]
    return [width * WIDTH / sum(wanted) for width in wanted]
