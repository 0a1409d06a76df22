"""Files that a command is told to read or to write; what the file system refuses becomes the command's own refusal."""

from pathlib import Path

from roaming.management.operator_command import Refused


def read_file(path: Path) -> bytes:
    """This function will return what a file holds; it raises Refused."""
    try:
        return path.read_bytes()
    except OSError as failed:
        raise Refused(f"{path} cannot be read: {failed.strerror}") from failed


def write_file(path: Path, content: bytes) -> None:
    """This function will write a file; it raises Refused."""
    try:
        path.write_bytes(content)
    except OSError as failed:
        raise Refused(f"{path} cannot be written: {failed.strerror}") from failed
