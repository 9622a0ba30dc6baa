"""Where a sender outside finds the device: a pseudo-terminal, or a TCP port. One client at a time."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from typing import Protocol

from cutkit.errors import MachineError, UsageError

_MOST = 65536


class ServerPort(Protocol):
    """What the server needs of either."""

    @property
    def address(self) -> str:
        """What a client opens."""

    def fileno(self) -> int:
        """What to wait on: for bytes, or for a client."""

    def read(self) -> bytes | None:
        """What has come; b"" if nothing; None once, where the client has gone."""

    def write(self, data: bytes) -> int:
        """How many of the bytes have gone out; 0 where the client does not take any at present."""

    @property
    def taken(self) -> bool:
        """Whether there is a client, as far as that can be known."""

    def drop(self) -> bool:
        """Throw the client out, where that can be done; whether it was."""

    def close(self) -> None:
        """No more clients."""


class PtyPort:
    """A pseudo-terminal in raw mode. It stays when a client closes it, and the next one opens the same.

    Whether a client has it open cannot be seen before it has sent something: until then the device's own end is kept
    open, so that settings (raw, no echo) stay.
    """

    def __init__(self) -> None:
        """MachineError where the system has no pseudo-terminals."""
        try:
            import pty

            self._master, self._own = pty.openpty()
        except (ImportError, OSError) as error:
            raise MachineError(f"no pseudo-terminal can be opened: {error}", hint="Use --tcp HOST:PORT.") from error
        self.address = os.ttyname(self._own)
        self._make_raw()
        os.set_blocking(self._master, False)

    def fileno(self) -> int:
        """The device's side."""
        return self._master

    @property
    def taken(self) -> bool:
        """Always: what is written waits in the terminal for whoever opens it."""
        return True

    def read(self) -> bytes | None:
        """What has come; None once after a client has closed its side."""
        try:
            data = os.read(self._master, _MOST)
        except BlockingIOError:
            return b""
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            data = b""
        if data:
            # There is a client: it alone now keeps the terminal open, so that its closing can be seen.
            self._release()
            return data
        self._own = os.open(self.address, os.O_RDWR | os.O_NOCTTY)
        self._make_raw()
        return None

    def write(self, data: bytes) -> int:
        """How many bytes the terminal has taken."""
        try:
            return os.write(self._master, data)
        except BlockingIOError:
            return 0
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return len(data)

    def drop(self) -> bool:
        """Nobody can be thrown out of a terminal."""
        return False

    def close(self) -> None:
        """The path is gone."""
        self._release()
        os.close(self._master)

    def _make_raw(self) -> None:
        import tty

        tty.setraw(self._own)

    def _release(self) -> None:
        if self._own >= 0:
            os.close(self._own)
            self._own = -1


class TcpPort:
    """A listening socket and the client that it has; others wait until that one has gone."""

    def __init__(self, host: str, port: int) -> None:
        """MachineError where nobody can listen there."""
        try:
            self._listener = socket.create_server((host, port))
        except (OSError, OverflowError) as error:
            raise MachineError(f"cannot listen on {host}:{port}: {error}") from error
        self._listener.setblocking(False)
        self._client: socket.socket | None = None
        name = self._listener.getsockname()
        self.address = f"socket://{name[0]}:{name[1]}"

    @classmethod
    def parse(cls, text: str) -> TcpPort:
        """From ``HOST:PORT``; port 0: a free one. UsageError where it is none."""
        host, _, port = text.rpartition(":")
        if not host or not port.isdecimal() or int(port) > 65535:
            raise UsageError(f"{text!r} is no HOST:PORT", hint="Write it as 127.0.0.1:4001; port 0 takes a free one.")
        return cls(host, int(port))

    def fileno(self) -> int:
        """The client, or the listener where there is none."""
        return (self._client or self._listener).fileno()

    @property
    def taken(self) -> bool:
        """Whether a client is connected."""
        return self._client is not None

    def read(self) -> bytes | None:
        """What has come; None once after the client has gone."""
        if self._client is None:
            with contextlib.suppress(BlockingIOError):
                self._client, _ = self._listener.accept()
                self._client.setblocking(False)
                self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return b""
        try:
            data = self._client.recv(_MOST)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if data:
            return data
        self._drop()
        return None

    def write(self, data: bytes) -> int:
        """How many bytes the client's line has taken."""
        if self._client is None:
            return 0
        try:
            return self._client.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            return len(data)

    def drop(self) -> bool:
        """Close the connection."""
        dropped = self._client is not None
        self._drop()
        return dropped

    def close(self) -> None:
        """Close both."""
        self._drop()
        self._listener.close()

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None
