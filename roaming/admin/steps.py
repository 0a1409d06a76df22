"""Steps: what a person may do with one row (approve, release, retry), each with a page that says what will happen.

A step is never taken by following a link: its page shows the row and what follows, and only the form on it acts. A refusal of the
domain comes back as a message, with the row unchanged.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from roaming.admin.pages import ReadOnlyPage, page_url


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing to do with one row. `run` returns the sentence that tells it is done; `refusals` are what it may raise instead."""

    name: str
    label: str
    permission: str
    explains: Callable[[Any], str]
    run: Callable[[HttpRequest, Any, str], str]
    offered: Callable[[Any], bool]
    refusals: tuple[type[Exception], ...] = ()
    asks_reason: bool = False
    is_grave: bool = False
    shows_once: bool = False  # the sentence holds a secret: shown on a page of its own, kept nowhere
    seen: Callable[[Any], str] = lambda row: ""  # a digest of what is on the page: the step is refused where it changed meanwhile


class StepsPage(ReadOnlyPage):
    """A page whose row can be taken further. `steps` in the order in which they are offered."""

    steps: Sequence[Step] = ()
    change_form_outer_before_template = "admin/steps_bar.html"

    def get_urls(self) -> list[URLPattern]:
        """This function will add one address per step."""
        own = [
            path(
                f"<int:row_id>/{step.name}/",
                self.admin_site.admin_view(partial(self.step_view, step=step)),
                name=self._url_name(step),
            )
            for step in self.steps
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """This function will offer the steps that this person may take with this row."""
        row = self.get_object(request, object_id)
        offered = [
            {"label": step.label, "url": self._step_url(step, row), "is_grave": step.is_grave}
            for step in self.steps
            if row is not None and step.offered(row) and request.user.has_perm(step.permission)
        ]
        answer: HttpResponse = super().change_view(request, object_id, form_url, {**(extra_context or {}), "offered_steps": offered})
        return answer

    def step_view(self, request: HttpRequest, row_id: int, step: Step) -> HttpResponse:
        """This function will show the page of one step, and take it when its form is sent."""
        row = self.get_queryset(request).filter(pk=row_id).first()
        if row is None:
            raise Http404
        if not request.user.has_perm(step.permission):
            raise PermissionDenied
        if not step.offered(row):
            messages.warning(request, f"“{step.label}” is not possible here any more: somebody was faster.")
            return redirect(page_url(row))
        problem = ""
        if request.method == "POST":
            reason = request.POST.get("reason", "").strip()
            if step.asks_reason and not reason:
                problem = "Say why: the reason is kept with the row."
            elif request.POST.get("seen", "") != step.seen(row):
                problem = "The figures changed since you opened this page. Look at them again."
            else:
                return self._take(request, row, step, reason)
        return TemplateResponse(
            request,
            "admin/step.html",
            {
                **self.admin_site.each_context(request),
                "title": step.label,
                "opts": self.opts,
                "row": row,
                "row_url": page_url(row),
                "row_facts": self.facts(row),
                "step": step,
                "explanation": step.explains(row),
                "seen": step.seen(row),
                "problem": problem,
                "media": self.media,
            },
            status=400 if problem else 200,
        )

    def facts(self, row: Any) -> list[tuple[str, Any]]:
        """This function will return the figures that a step's page shows, as (name, value)."""
        return []

    def _take(self, request: HttpRequest, row: Any, step: Step, reason: str) -> HttpResponse:
        try:
            told = step.run(request, row, reason)
            if step.shows_once:
                context = {**self.admin_site.each_context(request), "title": step.label, "told": told, "row_url": page_url(row)}
                answer = TemplateResponse(request, "admin/step_done.html", context)
                answer["Cache-Control"] = "private, no-store"
                return answer
            messages.success(request, told)
        except step.refusals as refusal:
            messages.error(request, f"Refused: {refusal}")
        return redirect(page_url(row))

    def _url_name(self, step: Step) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{step.name}"

    def _step_url(self, step: Step, row: Any) -> str:
        return reverse(f"admin:{self._url_name(step)}", args=[row.pk])
