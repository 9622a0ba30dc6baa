"""The way to the machine: bytes out, bytes in, and a clock. What it is made of (a serial line, a socket, the emulated
machine in this process) the rest of the package does not know.

Kinds of port, by what ``open_port`` is given:

======================  ============================================================================================
``/dev/ttyUSB0``        a serial line, also ``COM3``, a pseudo-terminal, and any other URL that pyserial knows
``socket://host:port``  TCP, as terminal servers and the emulated machine speak it
``tcp://host[:port]``   the same; without a port 9100, on which network plotters listen
======================  ============================================================================================
"""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import time
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from cutkit.errors import MachineError, UsageError
from cutkit.toolpath import Link

if TYPE_CHECKING:
    import serial

RAW_PORT = 9100
CONNECT_S = 10.0
WRITE_S = 300.0
"""A port that takes no byte for so long is gone: no machine holds its sender off for longer without a word."""
ONE_READ = 4096


class Transport(Protocol):
    """A connection to a machine. ``clock`` is in seconds from anywhere; only differences count."""

    def write(self, data: bytes) -> None:
        """Hand over all bytes; OSError where the link is gone."""

    def read(self, timeout_s: float) -> bytes:
        """What has come, as soon as anything has; b"" after ``timeout_s`` without. OSError: the link is gone."""

    def close(self) -> None:
        """Let the port go; what was handed over is sent first."""

    def clock(self) -> float:
        """The time."""


class SerialTransport:
    """A serial line through pyserial."""

    def __init__(self, line: serial.Serial) -> None:
        self._line = line
        _stay_up(line)

    def write(self, data: bytes) -> None:
        self._line.write(data)

    def read(self, timeout_s: float) -> bytes:
        if self._line.timeout != timeout_s:  # setting it asks the driver
            self._line.timeout = timeout_s
        first: bytes = self._line.read(1)
        waiting: int = self._line.in_waiting if first else 0
        return first + self._line.read(min(waiting, ONE_READ)) if waiting else first

    def close(self) -> None:
        with contextlib.suppress(OSError):  # a line that is gone has nothing left to send
            self._line.flush()
        self._line.close()

    def clock(self) -> float:
        return time.monotonic()

    @property
    def clear_to_send(self) -> bool:
        """The hardware line of that name, where it is used."""
        clear: bool = not self._line.rtscts or self._line.cts
        return clear


def _stay_up(line: serial.Serial) -> None:
    """Leave DTR up when the port is closed, however that comes about: it falling and rising again restarts an Arduino,
    which then has lost its place. (The first opening after the cable was put in restarts it in any case.)"""
    try:
        import termios

        modes = termios.tcgetattr(line.fileno())
        modes[2] &= ~termios.HUPCL
        termios.tcsetattr(line.fileno(), termios.TCSANOW, modes)
    except (ImportError, OSError, AttributeError, ValueError):
        pass  # not on Windows, nor where pyserial speaks to a network
    except termios.error:
        pass


class SocketTransport:
    """A TCP connection."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(WRITE_S)
        self._connection = connection

    def write(self, data: bytes) -> None:
        self._connection.sendall(data)

    def read(self, timeout_s: float) -> bytes:
        if not select.select([self._connection], [], [], timeout_s)[0]:
            return b""
        data = self._connection.recv(ONE_READ)
        if not data:
            raise ConnectionResetError("the other side closed the connection")
        return data

    def close(self) -> None:
        self._connection.close()

    def clock(self) -> float:
        return time.monotonic()


def open_port(url: str, link: Link) -> Transport:
    """Open the port of a machine with this link. UsageError for a URL that is none, MachineError (exit 6) where it
    cannot be opened."""
    parts = urlsplit(url)
    if parts.scheme in ("socket", "tcp"):
        return _open_socket(url, parts.hostname, _port_of(url), parts.scheme)
    return _open_serial(url, link)


def _port_of(url: str) -> int | None:
    try:
        return urlsplit(url).port
    except ValueError:
        raise UsageError("the port is a number up to 65535", where=url, hint="socket://HOST:PORT") from None


def _open_socket(url: str, host: str | None, port: int | None, scheme: str) -> Transport:
    if host is None or (port is None and scheme == "socket"):
        raise UsageError("not a machine's address", where=url, hint="Write socket://HOST:PORT, or tcp://HOST for 9100.")
    try:
        return SocketTransport(socket.create_connection((host, port or RAW_PORT), CONNECT_S))
    except OSError as error:
        raise MachineError(
            f"no connection: {error.strerror or error}",
            where=url,
            hint="Is the machine switched on and on the network, and is no other program connected to it?",
        ) from error


def _open_serial(url: str, link: Link) -> Transport:
    import serial

    # Both kinds of handshake are the driver's where there is one: it stops at once, with bytes still in its memory.
    try:
        line = serial.serial_for_url(
            url,
            baudrate=link.baud,
            exclusive=True,
            timeout=0,
            write_timeout=WRITE_S,
            xonxoff=link.flow == "xonxoff",
            rtscts=link.flow == "hardware",
        )
    except ValueError as error:
        raise UsageError(str(error), where=url, hint="A port is /dev/ttyUSB0, COM3 or socket://HOST:PORT.") from error
    except OSError as error:
        raise MachineError(f"cannot be opened: {_reason(error)}", where=url, hint=_serial_hint(error)) from error
    return SerialTransport(line)


def _reason(error: OSError) -> str:
    """What is wrong, without the errno that pyserial writes into its text."""
    import os

    if _is_no_line(error):
        return "this is no serial line"
    return os.strerror(error.errno) if error.errno else str(error)


def _is_no_line(error: OSError) -> bool:
    """Whether what the path names is a folder, a file, or some other device."""
    return error.errno in (errno.EISDIR, errno.ENOTTY) or f"({errno.ENOTTY}, " in str(error)


def _serial_hint(error: OSError) -> str:
    if isinstance(error, PermissionError) or error.errno == 13:
        return "Your user may not use the port: on Linux, be in the group dialout, and log in again."
    if error.errno == 2 or _is_no_line(error):
        return "Is the cable in and the machine switched on? `ls /dev/tty*` (or the device manager) lists the ports."
    return "Is another program using it? Close that, or plug the cable in again."
