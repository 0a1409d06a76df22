"""Is a process of this place alive? `python -m hub.process check lane|web`: the health check of a container."""

import http.client
import socket
from pathlib import Path

from hub.process.configuration import Configuration
from hub.process.processes import web_socket

_SECONDS = 3.0


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("127.0.0.1", timeout=_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(_SECONDS)
        self.sock.connect(str(self._path))


def answers(*, process: str, path: str, configuration: Configuration) -> bool:
    """This function will tell whether `lane` (on its port) or `web` (on its socket) answers GET `path` with 200 in three seconds."""
    if process == "web":
        connection: http.client.HTTPConnection = _UnixConnection(web_socket(configuration=configuration))
    else:
        connection = http.client.HTTPConnection(configuration.local_host, configuration.port, timeout=_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
