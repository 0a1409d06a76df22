"""How a statement looks: fonts, colors, paragraph and table styles.

The fonts are in templates/statements/fonts (Source Sans Pro, SIL Open Font License): reportlab's own Helvetica drops letters like Ł
and ő without an error, and no machine is asked for its fonts.
"""

from functools import cache
from xml.sax.saxutils import escape

from django.conf import settings
from reportlab import rl_config
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph

PAGE = A4
MARGIN = 18 * mm
WIDTH = PAGE[0] - 2 * MARGIN

INK = HexColor("#1B2733")
QUIET = HexColor("#5B6B79")
PETROL = HexColor("#12324A")
ACCENT = HexColor("#0E7C7B")
RULE = HexColor("#D3DCE3")
PALE = HexColor("#F2F6F8")
WHITE = HexColor("#FFFFFF")

rl_config.useA85 = 0  # binary streams: a fifth smaller, and no time spent on writing them as letters

REGULAR, BOLD = "SourceSans", "SourceSans-Semibold"


@cache
def register_fonts() -> None:
    """This function will make the two fonts known to reportlab, once per process."""
    folder = settings.BASE_DIR / "templates" / "statements" / "fonts"
    pdfmetrics.registerFont(TTFont(REGULAR, str(folder / "SourceSansPro-Regular.ttf")))
    pdfmetrics.registerFont(TTFont(BOLD, str(folder / "SourceSansPro-Semibold.ttf")))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)


def style(name: str, *, size: float = 9, bold: bool = False, color: HexColor = INK, **over: object) -> ParagraphStyle:
    """This function will return a paragraph style of this house."""
    return ParagraphStyle(name, fontName=BOLD if bold else REGULAR, fontSize=size, leading=size * 1.3, textColor=color, **over)


BODY = style("body")
QUIET_BODY = style("quiet", size=8, color=QUIET, spaceAfter=3)
SMALL = style("small", size=7.5)
TINY = style("tiny", size=6.5)
RIGHT_TINY = style("right-tiny", size=6.5, alignment=TA_RIGHT)
RIGHT = style("right", alignment=TA_RIGHT)
TITLE = style("title", size=20, bold=True, color=PETROL)
HEADING = style("heading", size=11, bold=True, color=PETROL, spaceBefore=10, spaceAfter=4)


def text(words: str, of: ParagraphStyle = BODY) -> Paragraph:
    """This function will set words as they are: what partners wrote is never read as markup."""
    return Paragraph(escape(words), of)
