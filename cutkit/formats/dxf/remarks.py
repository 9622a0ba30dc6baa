"""What a reader has to say to its user, gathered so that fifteen sizes with one fault make one line."""

from __future__ import annotations

from dataclasses import dataclass, field

from cutkit.model import Notice

SIZES_NAMED = 4


@dataclass(slots=True)
class Remarks:
    """Collects notices. Of several sizes of a piece with one code the first message is kept and the sizes are named."""

    _said: dict[tuple[str, str | None], tuple[str, list[str]]] = field(default_factory=dict)

    def add(self, code: str, message: str, piece: str | None = None, size: str = "") -> None:
        """Say something of the file, of a piece, or of one size of it."""
        key = (code, piece)
        if key not in self._said:
            self._said[key] = (message, [size] if size else [])
        elif size:
            if size not in self._said[key][1]:
                self._said[key][1].append(size)
        elif message not in self._said[key][0]:
            self._said[key] = (f"{self._said[key][0]}; {message}", self._said[key][1])

    def notices(self) -> tuple[Notice, ...]:
        """What was said, in the order in which it came up."""
        return tuple(
            Notice(code, _with_sizes(message, sizes), piece) for (code, piece), (message, sizes) in self._said.items()
        )


def _with_sizes(message: str, sizes: list[str]) -> str:
    if not sizes:
        return message
    if len(sizes) <= SIZES_NAMED:
        return f"{message} (size {', '.join(sizes)})"
    return f"{message} (size {sizes[0]} and {len(sizes) - 1} more)"
