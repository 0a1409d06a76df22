"""A person with a browser at the portal: cookies, a form token, links. Only what a journey needs."""

import http.cookiejar
import re
import urllib.error
import urllib.parse
import urllib.request


class Visitor:
    """One person's browser."""

    def __init__(self, *, url: str) -> None:
        self.url = url
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        )

    def get(self, path: str) -> tuple[int, bytes]:
        """This function will open a page or a file and follow redirects: (status, body)."""
        return self._open(urllib.request.Request(self.url + path))  # noqa: S310  (our own hub)

    def log_in(self, *, email: str, password: str) -> int:
        """This function will fill in the portal's form and return the status of the page after it."""
        _, form = self.get("/portal/login/")
        token = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', form)
        assert token is not None, form[:500]
        fields = {"username": email, "password": password, "csrfmiddlewaretoken": token[1].decode()}
        request = urllib.request.Request(  # noqa: S310  (our own hub)
            f"{self.url}/portal/login/", data=urllib.parse.urlencode(fields).encode(), headers={"Referer": f"{self.url}/portal/login/"}
        )
        return self._open(request)[0]

    def links(self, path: str) -> list[str]:
        """This function will return where the links of a page lead."""
        return re.findall(r'href="([^"]+)"', self.get(path)[1].decode())

    def _open(self, request: urllib.request.Request) -> tuple[int, bytes]:
        try:
            with self._opener.open(request, timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
