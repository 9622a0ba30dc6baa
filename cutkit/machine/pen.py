"""Where a plotter's tool is and whether it is down, for the parsers of languages that know little more than that."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from cutkit.machine.actions import Action, Feed, Lift, Lower, MoveTo, Program, SelectTool, Violation
from cutkit.model import Point


@dataclass
class Pen:
    """The tool's state; it collects actions and violations. Positions are in mm, ``line`` counts instructions."""

    actions: list[Action] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    remarks: list[Violation] = field(default_factory=list)
    here: Point = (0.0, 0.0)
    down: bool = False
    feed_mm_s: float | None = None

    def set_down(self, line: int, down: bool) -> None:
        """Lower or lift it; saying again what it is already does nothing."""
        if down != self.down:
            self.actions.append(Lower(line) if down else Lift(line))
        self.down = down

    def go(self, line: int, target: Point) -> None:
        """Move straight to a point."""
        if not all(math.isfinite(value) for value in target):
            self.fault("out-of-range", "a coordinate without end", line)
            return
        self.actions.append(MoveTo(line, target[0], target[1], rapid=not self.down, feed_mm_s=self.feed_mm_s))
        self.here = target

    def select(self, line: int, number: int) -> None:
        """Take another tool."""
        self.actions.append(SelectTool(line, number))

    def feed(self, line: int, by_mm: float) -> None:
        """Move the cloth on."""
        self.actions.append(Feed(line, by_mm))

    def fault(self, code: str, message: str, line: int) -> None:
        """Note a violation where the tool is."""
        self.violations.append(Violation(code, message, line, self.here))

    def remark(self, code: str, message: str, line: int) -> None:
        """Note a remark where the tool is."""
        self.remarks.append(Violation(code, message, line, self.here))

    def program(self) -> Program:
        """All that was collected."""
        return Program(tuple(self.actions), tuple(self.violations), tuple(self.remarks))
