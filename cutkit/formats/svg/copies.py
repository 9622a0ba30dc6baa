"""How many elements a picture has once every ``use`` is the copy that it stands for: thirty lines can mean 10^9."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

MOST_ELEMENTS = 500_000
DEEPEST_COPY = 50
_LINKS = ("href", "{http://www.w3.org/1999/xlink}href")


def refuse_endless_copies(root: Element) -> None:
    """ValueError where a ``use`` is a copy of itself, of copies too deep, or where all copies are too many."""
    elements = list(root.iter())
    uses = [index for index, element in enumerate(elements) if _is_use(element)]
    if len(elements) > MOST_ELEMENTS:
        raise ValueError(f"it has more than {MOST_ELEMENTS} elements")
    if uses:
        _Copies(elements, uses).of_range(0, len(elements), ())


def _is_use(element: Element) -> bool:
    return isinstance(element.tag, str) and element.tag.rpartition("}")[2] == "use"


@dataclass
class _Copies:
    """The elements of a picture in the order of the file, and which of them are copies of others."""

    elements: list[Element]
    uses: list[int]
    _spans: dict[str, tuple[int, int]] = field(default_factory=dict)
    _totals: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        sizes: dict[Element, int] = {}
        for index in range(len(self.elements) - 1, -1, -1):
            element = self.elements[index]
            sizes[element] = 1 + sum(sizes[child] for child in element)
            name = element.get("id")
            if name:
                self._spans[name] = (index, index + sizes[element])

    def of_range(self, start: int, end: int, inside: tuple[str, ...]) -> int:
        """The elements of a stretch of the file, copies counted as what they copy."""
        total = end - start
        for index in self.uses[bisect_left(self.uses, start) : bisect_left(self.uses, end)]:
            total += self._of_target(self._target(self.elements[index]), inside)
            if total > MOST_ELEMENTS:
                raise ValueError(f"it has more than {MOST_ELEMENTS} elements, copies (use) counted")
        return total

    def _of_target(self, name: str, inside: tuple[str, ...]) -> int:
        if name in inside:
            raise ValueError(f"element {name!r} is a copy (use) of itself")
        if len(inside) > DEEPEST_COPY:
            raise ValueError("copies (use) of copies are nested too deep")
        if name in self._spans and name not in self._totals:
            self._totals[name] = self.of_range(*self._spans[name], (*inside, name))
        return self._totals.get(name, 0)

    @staticmethod
    def _target(use: Element) -> str:
        return next((use.get(link, "") for link in _LINKS if use.get(link)), "").removeprefix("#")
