"""Who a person is and what the person may do.

A hub's own person carries one staff role; a partner's person carries memberships, each of one party. Both log in by e-mail. What an
action needs is said once, in `permissions.py`: the admin asks it through Django's permissions (`backend.py`), the portal directly.
"""
