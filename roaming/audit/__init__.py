"""The audit trail: who changed which money, right or credential, from what to what, who came in, and who looked at personal data.

Changes of the tables that matter are written by the database itself (`keep_trail`, a trigger), so no verb can forget them; what
changes no row (a login, a look) is written by `write_audit`. `acting` says who is at work.
"""
