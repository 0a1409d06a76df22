"""OICP 2.3 messages: what each holds, read strictly and written back; no I/O (oicp §1.3, §3)."""
