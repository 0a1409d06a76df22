"""The Content-Security-Policy of every page (reliability T24): only what we serve ourselves, and nothing inline.

The admin (django-unfold) needs one word more: its menus are Alpine.js expressions in attributes, which that library compiles in the
browser, hence `unsafe-eval` for scripts below /admin/. Inline scripts stay refused there too, so a `<script>` in a partner's name is
as inert as everywhere.
"""

from csp.constants import UNSAFE_EVAL
from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse


class ContentPolicy(CSPMiddleware):
    """django-csp with a nonce on every answer, and the admin's exception."""

    def get_policy_parts(self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False) -> PolicyParts:
        """This function will return the policy of one answer."""
        self._make_nonce(request)
        parts = super().get_policy_parts(request=request, response=response, report_only=report_only)
        if request.path_info.startswith(reverse("admin:index")):
            parts.update = {**(parts.update or {}), "script-src": [UNSAFE_EVAL]}
        return parts
