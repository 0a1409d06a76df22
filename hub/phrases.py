"""The phrases of pages for partners and the public, and their German: collected and compiled without gettext's programs.

`manage.py write_phrases` brings templates/locale up to date: new phrases appear without German, those that nothing says any more go. A
test refuses a phrase without German, and a compiled catalogue that is not what the text says. Both files are kept with the code, so a
fresh machine needs nothing.
"""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

LANGUAGE = "de"
_NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)
# The admin speaks English.
_TEMPLATES = ("portal", "directory", "users", "base.html", "message.html", "400.html", "403.html", "404.html", "500.html")
_CODE = ("portal", "directory", "users", "state_words.py", "personal.py", "templatetags")
_KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
}


def catalogue_path() -> Path:
    """This function will return where the German text lies; the compiled catalogue lies beside it."""
    return Path(settings.LOCALE_PATHS[0]) / LANGUAGE / "LC_MESSAGES" / "django.po"


def collect() -> Catalog:
    """This function will return every phrase of the pages, by file, without translations."""
    catalogue = Catalog(locale=LANGUAGE, project="Roamhouse", fuzzy=False)
    for name, text in _sources():
        for _line, phrase, _comments, context in extract("python", io.BytesIO(text.encode()), keywords=_KEYWORDS):
            catalogue.add(phrase, locations=[(name, 0)], context=context)
    return catalogue


def read_german() -> Catalog:
    """This function will return the German text as it is kept."""
    with catalogue_path().open("rb") as file:
        catalogue = read_po(file, locale=LANGUAGE)
    # Babel would write the present minute into the compiled header.
    catalogue.creation_date = catalogue.revision_date = _NO_DATE
    return catalogue


def write_german(catalogue: Catalog) -> None:
    """This function will write the text and the compiled catalogue; the same phrases give the same bytes."""
    catalogue_path().parent.mkdir(parents=True, exist_ok=True)
    text = io.BytesIO()
    write_po(text, catalogue, omit_header=True, sort_output=True, no_location=True, width=140)
    catalogue_path().write_bytes(_HEADER + text.getvalue())
    catalogue_path().with_suffix(".mo").write_bytes(compile_catalogue(read_german()))


def compile_catalogue(catalogue: Catalog) -> bytes:
    """This function will return the compiled form that Django reads."""
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    return compiled.getvalue()


_HEADER = b"""msgid ""
msgstr ""
"Language: de\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""


def _sources() -> Iterator[tuple[str, str]]:
    templates, code = Path(settings.BASE_DIR) / "templates", Path(settings.BASE_DIR) / "hub"
    for path in _files(templates, _TEMPLATES, (".html", ".txt")):
        yield path.name, templatize(path.read_text(encoding="utf-8"), origin=str(path))
    for path in _files(code, _CODE, (".py",)):
        yield path.name, path.read_text(encoding="utf-8")


def _files(root: Path, names: tuple[str, ...], endings: tuple[str, ...]) -> list[Path]:
    found = [path for name in names for path in ([root / name] if (root / name).is_file() else (root / name).rglob("*"))]
    return sorted(path for path in found if path.suffix in endings and "__pycache__" not in path.parts)
