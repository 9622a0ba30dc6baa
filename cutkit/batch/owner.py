"""Who holds a job: a runner, by its machine, process and the moment that it began.

So a runner on the same machine sees at once that another one is dead; otherwise its lease would have to run out.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
from pathlib import Path


def this_runner() -> str:
    """A name for a runner in this process; every call makes another one."""
    return f"{_machine()}:{os.getpid()}:{_began(os.getpid())}:{secrets.token_hex(3)}"


def shown(owner: str) -> str:
    """A runner's name for people."""
    machine, _, rest = owner.partition(":")
    return f"runner {rest.partition(':')[0]} on {machine.partition('/')[0]}"


def is_dead(owner: str) -> bool:
    """True where the runner of that name is certainly gone; False where it lives, or nobody here can tell."""
    machine, _, rest = owner.partition(":")
    number, _, rest = rest.partition(":")
    began = rest.partition(":")[0]
    if machine != _machine() or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return began != "" and began != _began(int(number))


def _machine() -> str:
    """The host, its current boot, and the space in which its process numbers count (containers have their own)."""
    parts = [socket.gethostname().replace(":", "-")]
    with contextlib.suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:8])
    with contextlib.suppress(OSError):
        parts.append(os.readlink("/proc/self/ns/pid").strip("pid:[]"))
    return "/".join(parts)


def _began(number: int) -> str:
    """When a process began, in the kernel's count, or nothing where that cannot be seen; a zombie has ended."""
    try:
        text = Path(f"/proc/{number}/stat").read_text()
    except OSError:
        return ""
    state, *fields = text.rpartition(")")[2].split()
    return "ended" if state in "ZX" else fields[18]
