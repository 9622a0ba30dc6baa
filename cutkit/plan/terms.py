"""What a plan is told besides patterns and order: the cloth, how it is spread, and the rules of pieces."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cutkit.errors import InputError, UsageError, did_you_mean
from cutkit.model import Fabric, MarkerSet
from cutkit.rules import NO_RULES, RuleBook

MOST_PLIES = 10_000


@dataclass(frozen=True)
class Terms:
    """The cloth, the rules, and the spread. What holds for all pieces of the cloth is the book's ``default``.

    Without ``plies`` the order is what one marker holds, on however many plies it is cut. With them it is all that is
    to be cut, and a marker holds a part of it; garments that are left over go into markers of their own where
    ``remainder`` is true. In a face-to-face spread the plies lie in pairs, and every copy gives a left and a right
    piece: a marker of ``sets`` "half" makes each garment out of one pair of plies, a "full" one two of them.
    ``qualities`` are the classes that pieces may be of; none: any.
    """

    fabric: Fabric
    rules: RuleBook = NO_RULES
    plies: int | None = None
    sets: MarkerSet = "full"
    remainder: bool = False
    qualities: tuple[str, ...] = ()

    @property
    def in_pairs(self) -> bool:
        """Whether the plies lie in pairs, face to face."""
        return self.fabric.spread == "face-to-face"

    @property
    def twins(self) -> bool:
        """Whether every copy gives a left and a right piece: from the two layers of a fold, or from a pair of plies."""
        return self.in_pairs or self.fabric.layers == 2

    @property
    def garments_of_twins(self) -> int:
        """For how many garments of its bundle a copy's two pieces are."""
        return 2 if self.in_pairs and self.sets == "full" else 1

    @property
    def spread_plies(self) -> int:
        """The plies to spread; of the least spread that there is where they are not told."""
        return self.plies or (2 if self.in_pairs else 1)

    @property
    def garments_per_bundle(self) -> int:
        """How many garments of all plies each garment of the marker stands for."""
        return self.spread_plies // 2 if self.in_pairs and self.sets == "half" else self.spread_plies

    @property
    def of_remainder(self) -> Terms:
        """The terms of the marker for garments that are left over: the fewest plies that give one of each."""
        return replace(self, plies=2 if self.in_pairs else 1, sets="half" if self.in_pairs else self.sets)

    def refuse_senseless(self) -> None:
        """UsageError (exit 2) for plies and sets that the spread cannot have, InputError for classes of no meaning."""
        if self.plies is not None and not 1 <= self.plies <= MOST_PLIES:
            raise UsageError(f"a spread has 1 to {MOST_PLIES:,} plies, not {self.plies:,}")
        if self.in_pairs and self.spread_plies % 2:
            raise UsageError(
                f"{self.plies} plies do not lie face to face: they come in pairs",
                hint=f"Spread {self.spread_plies + 1} plies, or face up.",
            )
        if self.sets == "half" and not self.in_pairs:
            raise UsageError(
                f"a half-set marker needs a face-to-face spread; the cloth lies {self.fabric.spread}",
                hint="Folded and tubular cloth give lefts and rights without it.",
            )
        if any(not -0.5 < part < 0.5 for part in self.fabric.shrinkage):
            warp, weft = self.fabric.shrinkage
            raise InputError(
                f"a shrinkage of {warp:.1%} and {weft:.1%} is no cloth's", where=self.fabric.name or "fabric"
            )
        self._refuse_unknown_classes()

    def _refuse_unknown_classes(self) -> None:
        for defect in self.fabric.defects if self.qualities else ():
            for quality in defect.allows:
                if quality not in self.qualities:
                    raise InputError(
                        f"a flaw allows the quality class {quality!r}, which the cloth does not know",
                        where=self.fabric.name or "fabric",
                        hint=f"It has {', '.join(self.qualities)}. {did_you_mean(quality, self.qualities)}".strip(),
                    )
