"""Thousands of CDRs on paper: rows of plain text under a repeated head, drawn column by column.

reportlab's LongTable measures and draws every cell by itself, and a statement is mostly these rows: drawn so they take a fifth of it.
"""

from collections.abc import Iterator, Sequence
from functools import cache

from reportlab.pdfbase.pdfmetrics import getFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable

from settlement.documents.pdf_style import BOLD, INK, PETROL, REGULAR, RULE

_SIZE, _LEADING, _PADDING, _SIDE = 6.5, 7.8, 2.2, 2.0


class Rows(Flowable):  # type: ignore[misc]  # reportlab ships no types
    """Rows of text in columns of given widths: those before `words` to the left, the others to the right. It splits between rows.

    A text that is wider than its column goes on in the next line where its column is one of `wrapped`.
    """

    def __init__(
        self, rows: Sequence[Sequence[str]], *, head: Sequence[str], widths: Sequence[float], words: int, wrapped: Sequence[int]
    ) -> None:
        super().__init__()
        self._head, self._widths, self._words = head, widths, words
        self._rows = [[_lines(cell, widths[place]) if place in wrapped else (cell,) for place, cell in enumerate(row)] for row in rows]
        self._heights = [2 * _PADDING + _LEADING * max(map(len, row)) for row in self._rows]
        self.width, self.height = sum(widths), _HEAD + sum(self._heights)

    def wrap(self, *_: float) -> tuple[float, float]:
        """This function will return width and height."""
        return self.width, self.height

    def split(self, _: float, height: float) -> list[Flowable]:
        """This function will return the rows that fit into a height, and the others; nothing where not even one fits."""
        room, fitting = height - _HEAD, 0
        while fitting < len(self._rows) and self._heights[fitting] <= room:
            room -= self._heights[fitting]
            fitting += 1
        return [self._part(0, fitting), self._part(fitting, len(self._rows))] if 0 < fitting < len(self._rows) else []

    def draw(self) -> None:
        """This function will draw head and rows at the canvas's origin."""
        canvas: Canvas = self.canv
        tops = [self.height - _HEAD]
        for height in self._heights:
            tops.append(tops[-1] - height)
        canvas.setStrokeColor(RULE)
        canvas.setLineWidth(0.3)
        canvas.lines([(0, below, self.width, below) for below in tops[1:]])
        canvas.setStrokeColor(PETROL)
        canvas.setLineWidth(0.8)
        canvas.line(0, tops[0], self.width, tops[0])
        canvas.setFillColor(PETROL)
        self._draw_cells(canvas, BOLD, ((self.height, [(cell,) for cell in self._head]),))
        canvas.setFillColor(INK)
        self._draw_cells(canvas, REGULAR, tuple(zip(tops, self._rows, strict=False)))

    def _draw_cells(self, canvas: Canvas, font: str, rows: Sequence[tuple[float, Sequence[Sequence[str]]]]) -> None:
        text = canvas.beginText()
        text.setFont(font, _SIZE, _LEADING)
        left = 0.0
        for place, width in enumerate(self._widths):
            for top, row in rows:
                below = top - _PADDING - _SIZE
                for line in row[place]:
                    if line:
                        at = left + _SIDE if place < self._words else left + width - _SIDE - _width(line, font)
                        text.setTextOrigin(at, below)
                        text.textOut(line)
                    below -= _LEADING
            left += width
        canvas.drawText(text)

    def _part(self, first: int, end: int) -> "Rows":
        part = Rows((), head=self._head, widths=self._widths, words=self._words, wrapped=())
        part._rows, part._heights = self._rows[first:end], self._heights[first:end]
        part.height = _HEAD + sum(part._heights)
        return part


_HEAD = _LEADING + 2 * _PADDING


@cache
def _of_letters(font: str) -> dict[str, float]:
    return {letter: float(getFont(font).stringWidth(letter, _SIZE)) for letter in map(chr, range(32, 127))}


def _width(text: str, font: str = REGULAR) -> float:
    letters = _of_letters(font)
    try:
        return sum([letters[letter] for letter in text])
    except KeyError:
        return float(getFont(font).stringWidth(text, _SIZE))


def _lines(text: str, width: float) -> Sequence[str]:
    room = width - 2 * _SIDE
    return (text,) if _width(text) <= room else tuple(_broken(text, room))


def _broken(text: str, room: float) -> Iterator[str]:
    line = ""
    for word in text.split():
        joined = f"{line} {word}" if line else word
        if _width(joined) <= room:
            line = joined
            continue
        if line:
            yield line
        line = word
        while _width(line) > room:  # one word that is wider than the column, such as an id
            fitting = next(count for count in range(len(line) - 1, 0, -1) if count == 1 or _width(line[:count]) <= room)
            yield line[:fitting]
            line = line[fitting:]
    yield line
