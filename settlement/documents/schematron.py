"""The child process that asks the business rules of EN 16931: `python -m settlement.documents.schematron`.

SaxonC aborts the whole process when it dislikes threads or memory; here it can only take down a process that lives for one batch.
Reads lines of JSON `{"stylesheet": path, "document": xml}` and answers each with `{"failed": ["[BR-…] …"]}`. It imports nothing of
the hub: no settings, no database, no secret.
"""

import json
import re
import sys
from collections.abc import Iterator
from typing import Any

from saxonche import PySaxonProcessor

_FAILED = re.compile(r"<svrl:failed-assert\b(?P<attributes>[^>]*)>(?P<words>.*?)</svrl:failed-assert>", re.DOTALL)
_TEXT = re.compile(r"<svrl:text[^>]*>(.*?)</svrl:text>", re.DOTALL)


def main() -> None:
    """This function will judge every line of stdin; any trouble ends the process, and the parent takes that for a no."""
    with PySaxonProcessor(license=False) as saxon:
        compiler = saxon.new_xslt30_processor()
        sheets: dict[str, Any] = {}
        for line in sys.stdin:
            asked = json.loads(line)
            path = asked["stylesheet"]
            if path not in sheets:
                sheets[path] = compiler.compile_stylesheet(stylesheet_file=path)
            report = sheets[path].transform_to_string(xdm_node=saxon.parse_xml(xml_text=asked["document"]))
            if report is None or "schematron-output" not in report:
                raise SystemExit("the stylesheet gave no report")
            print(json.dumps({"failed": list(_failed(report))}), flush=True)  # noqa: T201  (the child's answer)


def _failed(report: str) -> Iterator[str]:
    for found in _FAILED.finditer(report):
        if 'flag="warning"' in found["attributes"]:
            continue
        words = _TEXT.search(found["words"])
        yield " ".join((words[1] if words else found["attributes"]).split())


if __name__ == "__main__":
    main()
