"""write_documents: the documents that are generated from code, so that they cannot drift from it."""

from pathlib import Path
from typing import Any

from django.conf import settings

from roaming.management.operator_command import OperatorCommand
from roaming.protocols.oicp.bridge.losses import write_tables


class Command(OperatorCommand):
    """Write docs/translation.md."""

    help = "Writes the documents that are generated from code: docs/translation.md."

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will write them."""
        path = Path(settings.BASE_DIR) / "docs" / "translation.md"
        path.write_text(write_tables(), encoding="utf-8")
        return {"written": [str(path.relative_to(settings.BASE_DIR))]}
