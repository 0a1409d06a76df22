"""What a partner was sent, kept as OCPI documents by owner and id, with the order in which it came."""

import copy
from dataclasses import dataclass
from typing import Any, cast

from hub.sandbox.ocpi_2_2_1.documents import Document

Key = tuple[str, ...]  # (country code, party id, object id), upper case


class NotOnTheShelf(LookupError):
    """A change of, or a question about, an object that was never put here."""


@dataclass(frozen=True)
class Arrival:
    """One message as it came: module, method, key (with EVSE and connector where addressed), body, routing and ids."""

    module: str
    method: str
    key: Key
    body: Document | None
    sender: str
    receiver: str
    request_id: str
    correlation_id: str


class Shelf:
    """The receiver's store of one platform."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[Key, Document]] = {"locations": {}, "tariffs": {}, "tokens": {}, "sessions": {}, "cdrs": {}}
        self.arrivals: list[Arrival] = []

    def find(self, module: str, key: Key) -> Document:
        """This method will return the object, EVSE or connector under the key; raises NotOnTheShelf."""
        document = self.objects[module].get(key[:3])
        if document is None:
            raise NotOnTheShelf("/".join(key))
        return _inside(document, key[3:])

    def put(self, module: str, key: Key, body: Document) -> bool:
        """This method will keep the whole object (or EVSE, or connector); tells whether it is new. Raises NotOnTheShelf."""
        store = self.objects[module]
        body = copy.deepcopy(body)  # later changes are merged into it; what arrived stays as it arrived
        if len(key) == 3:
            is_new = key not in store
            store[key] = body
            return is_new
        parent = self.find(module, key[:-1])
        list_name, id_name = ("evses", "uid") if len(key) == 4 else ("connectors", "id")
        children: list[Document] = parent.setdefault(list_name, [])
        for position, child in enumerate(children):
            if child[id_name].upper() == key[-1]:
                children[position] = body
                return False
        children.append(body)
        return True

    def patch(self, module: str, key: Key, changes: Document) -> None:
        """This method will merge the changes; a session's charging periods are appended (mod_sessions, PATCH). Raises NotOnTheShelf."""
        document = self.find(module, key)
        for name, value in changes.items():
            if name == "charging_periods" and module == "sessions":
                document.setdefault(name, []).extend(value)
            else:
                document[name] = value

    def delete(self, module: str, key: Key) -> None:
        """This method will forget the object. Raises NotOnTheShelf."""
        self.find(module, key)
        del self.objects[module][key]

    def came(self, module: str, *ids: str) -> list[Arrival]:
        """This method will return the arrivals of a module, in order; with `ids` only those whose key ends with them."""
        wanted = tuple(part.upper() for part in ids)
        return [item for item in self.arrivals if item.module == module and (not wanted or item.key[2 : 2 + len(wanted)] == wanted)]


def _inside(document: Document, path: Key) -> Document:
    found: Any = document
    for list_name, id_name, wanted in zip(("evses", "connectors"), ("uid", "id"), path, strict=False):
        found = next((child for child in found.get(list_name, []) if child[id_name].upper() == wanted), None)
        if found is None:
            raise NotOnTheShelf("/".join(path))
    return cast(Document, found)
