"""pytest fixtures for locum: a server for the session, a stage for the test, a verdict on the client."""

from .server import LocumError, Server
from .stage import Stage

__all__ = ["LocumError", "Server", "Stage"]
