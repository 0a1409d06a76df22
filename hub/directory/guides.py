"""The connection guides, from docs/connecting, as pages. HTML inside the text is shown, not obeyed."""

import re
from functools import cache
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from markdown_it import MarkdownIt

GUIDES = {"ocpi": "OCPI 2.1.1, 2.2.1, 2.3.0", "oicp": "OICP 2.3"}
_LINK = re.compile(r'<a href="(?!https?:|#)[^"]*">(.*?)</a>', re.DOTALL)


@cache
def read_guide(*, name: str) -> SafeString | None:
    """This function will return a guide as HTML, or None where the installation brought no guides along."""
    path = Path(settings.BASE_DIR) / "docs" / "connecting" / f"{name}.md"
    if not path.is_file():
        return None
    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(path.read_text(encoding="utf-8"))
    # Links to other files of the repository lead nowhere here: their words stay.
    html = _LINK.sub(r"\1", html).replace("<table>", '<div class="scroll" tabindex="0"><table>').replace("</table>", "</table></div>")
    return mark_safe(html.replace("<pre>", '<pre class="document" tabindex="0">'))


@require_safe
@cache_control(public=True, max_age=300)
def guide(request: HttpRequest, name: str) -> HttpResponse:
    """This function will show one guide."""
    html = read_guide(name=name) if name in GUIDES else None
    if html is None:
        raise Http404
    return render(request, "directory/guide.html", {"html": html, "name": name, "guides": GUIDES.items()})
