#!/usr/bin/env python
"""The operator's entry: `manage.py <command>`, settings from DJANGO_SETTINGS_MODULE (development by default)."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub_settings.development")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
