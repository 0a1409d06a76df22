"""Offers of agreements: made by one party, answered by the other, and what both said is then signed word for word."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from hub.portal.models import AgreementOffer
from roaming.models import Party, RoamingAgreement
from roaming.parties.agreements import AlreadyAgreed, EndsBeforeStart, UnknownParty, end_agreement
from settlement.terms.agree import TermsAlreadyAgreed, WrongTerms
from settlement.terms.sign import sign

# A partner that ends an agreement tells the other so long before.
NOTICE = timedelta(days=30)


class OfferStands(Exception):
    """The pair has an open offer, or an agreement on the day the offer begins."""


class WrongOffer(Exception):
    """A date of the offer lies in the past or before its beginning."""


class OfferAnswered(Exception):
    """The offer was answered or withdrawn before."""


class NotSigned(Exception):
    """What was accepted could not be signed; the message says why. The offer stays open."""


class NoticeTooShort(Exception):
    """An agreement ends after its notice at the earliest."""


def make_offer(
    *,
    operator: Party,
    provider: Party,
    made_by: Party,
    person: str,
    starts_on: date,
    ends_on: date | None,
    due_days: int,
    dispute_days: int,
    text: str,
    at: datetime,
) -> AgreementOffer:
    """This function will propose an agreement at the hub's standard fee of this day. It raises WrongOffer and OfferStands."""
    if starts_on < at.date():
        raise WrongOffer("an agreement begins today or later")
    if ends_on is not None and ends_on <= starts_on:
        raise WrongOffer("the end lies before the beginning")
    if agreements_between(operator=operator, provider=provider).filter(validity__contains=starts_on).exists():
        raise OfferStands("the two have an agreement on that day")
    try:
        with transaction.atomic():
            return AgreementOffer.objects.create(
                operator=operator,
                provider=provider,
                made_by=made_by,
                made_by_person=person,
                made_at=at,
                starts_on=starts_on,
                ends_on=ends_on,
                due_days=due_days,
                dispute_days=dispute_days,
                hub_fee=Decimal(settings.HUB_STANDARD_FEE),
                currency=settings.HUB_STANDARD_FEE_CURRENCY,
                text=text[:1000],
            )
    except IntegrityError as standing:
        raise OfferStands("an offer between the two is open already: answer that one") from standing


def answer_offer(*, offer: AgreementOffer, accepts: bool, person: str, at: datetime) -> AgreementOffer:
    """This function will accept an offer, which signs the agreement, or decline it. It raises OfferAnswered and NotSigned."""
    with transaction.atomic():
        open_one = _locked(offer)
        if accepts:
            try:
                terms = sign(
                    operator=open_one.operator.key,
                    provider=open_one.provider.key,
                    # Answered late, it begins on the day of the answer: nothing is agreed for days that are over.
                    starts=max(open_one.starts_on, at.date()),
                    ends=open_one.ends_on,
                    modules=open_one.modules,
                    at=at,
                    hub_fee=open_one.hub_fee,
                    hub_fee_payer="both",
                    currency=open_one.currency,
                    due_days=open_one.due_days,
                    dispute_days=open_one.dispute_days,
                )
            except (AlreadyAgreed, EndsBeforeStart, UnknownParty, TermsAlreadyAgreed, WrongTerms) as refusal:
                raise NotSigned(str(refusal)) from refusal
            open_one.agreement = terms.agreement
        return _end(open_one, AgreementOffer.State.ACCEPTED if accepts else AgreementOffer.State.DECLINED, person, at)


def withdraw_offer(*, offer: AgreementOffer, person: str, at: datetime) -> AgreementOffer:
    """This function will take an offer back. It raises OfferAnswered."""
    with transaction.atomic():
        return _end(_locked(offer), AgreementOffer.State.WITHDRAWN, person, at)


def end_by_notice(*, agreement: RoamingAgreement, on: date, at: datetime) -> None:
    """This function will end an agreement of two parties before `on`; it raises NoticeTooShort where that is sooner than NOTICE."""
    earliest = at.date() + NOTICE
    if on < earliest:
        raise NoticeTooShort(f"the earliest day is {earliest}: thirty days' notice")
    end_agreement(agreement=agreement, on=on, at=at)


def agreements_between(*, operator: Party, provider: Party) -> QuerySet[RoamingAgreement]:
    """This function will return the agreements of a pair."""
    return RoamingAgreement.objects.filter(operator=operator, provider=provider)


def _locked(offer: AgreementOffer) -> AgreementOffer:
    row = AgreementOffer.objects.select_for_update(of=("self",)).select_related("operator", "provider").get(pk=offer.pk)
    if row.state != AgreementOffer.State.OPEN:
        raise OfferAnswered(f"this offer was {row.state} before")
    return row


def _end(offer: AgreementOffer, state: AgreementOffer.State, person: str, at: datetime) -> AgreementOffer:
    offer.state, offer.answered_by, offer.answered_at = state, person, at
    offer.save(update_fields=["state", "answered_by", "answered_at", "agreement"])
    return offer
