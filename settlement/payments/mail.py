"""Mail released dunning letters to the payer's people of finance, each with its PDF, once.

A letter counts as mailed before it leaves, and as not mailed where handing it over failed (as reminders of CDRs do): a worker that
dies in between costs a mail, never sends two. Where a payer has nobody, the letter waits, and a person can send the PDF by post.
"""

import logging
from datetime import datetime
from smtplib import SMTPException

from django.core.mail import EmailMessage

from settlement.control.mail import people_of_finance
from settlement.payments.letter_page import draw_letter, title_of
from settlement.payments.letters import content_of
from settlement.payments.models import DunningLetter

logger = logging.getLogger(__name__)


def mail_letters(*, at: datetime) -> int:
    """This function will mail letters that were released and not mailed, and return how many went out."""
    waiting = DunningLetter.objects.filter(state=DunningLetter.State.RELEASED, mailed_at=None).select_related("notice__payment")
    return sum(_mail(letter, at) for letter in waiting.order_by("id"))


def _mail(letter: DunningLetter, at: datetime) -> bool:
    to = people_of_finance(party=letter.notice.payment.payer_id)
    if not to or not DunningLetter.objects.filter(pk=letter.pk, mailed_at=None).update(mailed_at=at):
        return False  # nobody to write to, or another worker was quicker
    content = content_of(letter=letter, at=at)
    title, pdf = title_of(content=content), draw_letter(content=content)
    body = f"{title}: {content.period}, {content.total} {content.currency}, {content.reference}.\n\n{content.creditor.name}\n"
    try:
        # One message to all, none of whom sees the others: it leaves whole or not at all.
        message = EmailMessage(f"{content.debtor.party}: {title} ({content.reference})", body, None, bcc=to)
        message.attach(f"{content.reference}-{content.stage}.pdf", pdf, "application/pdf")
        message.send()
    except (SMTPException, OSError) as failed:
        DunningLetter.objects.filter(pk=letter.pk).update(mailed_at=None)
        logger.warning("a dunning letter could not be mailed", extra={"letter": letter.pk, "problem": type(failed).__name__})
        return False
    return True
