"""How long motions take: straight blocks, trapezoids of speed, junction deviation and a finite look-ahead.

The rules are those of Grbl 1.1's planner (public documentation and behaviour): each block's speed and acceleration are
limited per axis along its direction, so a diagonal may be faster; the speed through a junction is
``v^2 = a d s / (1 - s)`` with ``s = sin(theta / 2)``, theta the angle between the two blocks (180 degrees: straight on)
and ``a`` the acceleration along the change of direction; the planner looks a finite number of blocks ahead and must be
able to stop at the last one it knows. Where ``steps_per_mm`` is given, targets are rounded to whole motor steps first:
on moves of a fraction of a millimetre this turns the directions, and so the junctions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cutkit.model import Point

LOOK_AHEAD_BLOCKS = 14
"""Grbl's planner is a ring of 16 blocks of which 15 can be used, and one of these is being executed."""
STRAIGHT_COSINE = 0.999999
"""Directions nearer to each other than this count as straight on (and opposite ones as a full turn)."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounds the motion. ``per_axis``: the limits hold for each axis by itself (Grbl), else along the path."""

    acceleration_mm_s2: float
    junction_deviation_mm: float
    per_axis: bool = False
    top_speed_mm_s: float = math.inf
    steps_per_mm: float | None = None


@dataclass(frozen=True, slots=True)
class Ramp:
    """One block's course of speed: length, entry, top and exit speed, acceleration. ``time_s`` is what it takes."""

    length_mm: float
    entry_mm_s: float
    top_mm_s: float
    exit_mm_s: float
    acceleration_mm_s2: float

    @classmethod
    def from_rest(cls, length_mm: float, speed_mm_s: float, acceleration_mm_s2: float) -> Ramp:
        """A block by itself, from rest to rest."""
        top = min(speed_mm_s, math.sqrt(acceleration_mm_s2 * length_mm))
        return cls(length_mm, 0.0, top, 0.0, acceleration_mm_s2)

    @property
    def time_s(self) -> float:
        """The whole time of the block."""
        return self.time_at_s(self.length_mm)

    def time_at_s(self, distance_mm: float) -> float:
        """The time from the block's start until ``distance_mm`` of it are done."""
        if self.length_mm <= 0:
            return 0.0
        a = self.acceleration_mm_s2
        rise = (self.top_mm_s**2 - self.entry_mm_s**2) / (2 * a)
        fall = (self.top_mm_s**2 - self.exit_mm_s**2) / (2 * a)
        distance = min(distance_mm, self.length_mm)
        if distance <= rise:
            return (math.sqrt(self.entry_mm_s**2 + 2 * a * distance) - self.entry_mm_s) / a
        until_top = (self.top_mm_s - self.entry_mm_s) / a
        if distance <= self.length_mm - fall:
            return until_top + (distance - rise) / self.top_mm_s
        cruise = max(self.length_mm - fall - rise, 0.0)
        falling = max(distance - rise - cruise, 0.0)
        now = math.sqrt(max(self.top_mm_s**2 - 2 * a * falling, self.exit_mm_s**2))
        return until_top + cruise / self.top_mm_s + (self.top_mm_s - now) / a

    def at(self, time_s: float) -> Point:
        """How far along the block the machine is ``time_s`` after its start (mm), and how fast it then is (mm/s)."""
        a = self.acceleration_mm_s2
        rise_s = (self.top_mm_s - self.entry_mm_s) / a
        if time_s <= rise_s:
            done = self.entry_mm_s * time_s + a * time_s**2 / 2
            return min(done, self.length_mm), self.entry_mm_s + a * time_s
        rise = (self.top_mm_s**2 - self.entry_mm_s**2) / (2 * a)
        fall = (self.top_mm_s**2 - self.exit_mm_s**2) / (2 * a)
        cruise = max(self.length_mm - rise - fall, 0.0)
        cruise_s = cruise / self.top_mm_s if cruise > 0 else 0.0
        if time_s <= rise_s + cruise_s:
            return min(rise + (time_s - rise_s) * self.top_mm_s, self.length_mm), self.top_mm_s
        falling_s = min(time_s - rise_s - cruise_s, (self.top_mm_s - self.exit_mm_s) / a)
        done = rise + cruise + self.top_mm_s * falling_s - a * falling_s**2 / 2
        return min(done, self.length_mm), self.top_mm_s - a * falling_s


def plan_ramps(start: Point, targets: Sequence[Point], speeds_mm_s: Sequence[float], limits: Limits) -> list[Ramp]:
    """One ramp for every target, from rest to rest; a target where the machine already is takes no time."""
    ramps = [Ramp(0.0, 0.0, 1.0, 0.0, 1.0)] * len(targets)
    steps = _steps(start, targets, limits.steps_per_mm)
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    moving = np.flatnonzero(lengths > 0)
    if moving.size == 0:
        return ramps
    lengths = lengths[moving]
    units = steps[moving] / lengths[:, None]
    acceleration = limits.acceleration_mm_s2 / _largest_share(units, limits.per_axis)
    top = np.minimum(
        np.asarray(speeds_mm_s, dtype=float)[moving], limits.top_speed_mm_s / _largest_share(units, limits.per_axis)
    )
    entry = _entry_speeds(lengths, acceleration, _junctions(units, top, limits))
    leave = np.append(entry[1:], 0.0)
    peak = np.minimum(top, np.sqrt((2 * acceleration * lengths + entry**2 + leave**2) / 2))
    columns = (lengths, entry, peak, leave, acceleration)
    for index, row in zip(moving.tolist(), zip(*(c.tolist() for c in columns), strict=True), strict=True):
        ramps[index] = Ramp(*row)
    return ramps


def _steps(start: Point, targets: Sequence[Point], steps_per_mm: float | None) -> Array:
    """From each point to the next, in mm, rounded to whole motor steps (halves away from zero) where they are known."""
    points = np.array([start, *targets], dtype=float)
    if steps_per_mm is not None:
        scaled = points * steps_per_mm
        points = np.copysign(np.floor(np.abs(scaled) + 0.5), scaled) / steps_per_mm
    steps: Array = np.diff(points, axis=0)
    return steps


def _largest_share(units: Array, per_axis: bool) -> Array:
    """The part of a unit of motion that its busiest axis takes: what limits per axis are divided by; 1 else."""
    return np.abs(units).max(axis=1) if per_axis else np.ones(len(units))


def _junctions(units: Array, top: Array, limits: Limits) -> Array:
    """The squared speed at which each block may be entered; 0 for the first, which starts from rest."""
    squared = np.zeros(len(units))
    if len(units) < 2:
        return squared
    cosine = np.clip((units[:-1] * units[1:]).sum(axis=1), -1.0, 1.0)
    sine = np.sqrt(0.5 * (1.0 + cosine))
    turn = units[1:] - units[:-1]
    size = np.hypot(turn[:, 0], turn[:, 1])
    share = _largest_share(turn / np.where(size > 0, size, 1.0)[:, None], limits.per_axis)
    acceleration = limits.acceleration_mm_s2 / np.where(share > 0, share, 1.0)
    room = np.where(sine < 1.0, 1.0 - sine, 1.0)
    allowed = acceleration * limits.junction_deviation_mm * sine / room
    allowed = np.where(cosine > STRAIGHT_COSINE, np.inf, allowed)
    allowed = np.where(cosine < -STRAIGHT_COSINE, 0.0, allowed)
    squared[1:] = np.minimum(allowed, np.minimum(top[:-1], top[1:]) ** 2)
    return squared


def _entry_speeds(lengths: Array, acceleration: Array, junctions: Array) -> Array:
    """The speed at which each block is entered: braking in time for what the look-ahead knows, then speeding up."""
    count = len(lengths)
    gain = 2 * acceleration * lengths
    padded_gain = np.append(gain, np.zeros(LOOK_AHEAD_BLOCKS))
    padded_junctions = np.append(junctions, np.zeros(LOOK_AHEAD_BLOCKS))
    reachable = np.zeros(count)
    for ahead in range(LOOK_AHEAD_BLOCKS - 1, -1, -1):
        window = slice(ahead, ahead + count)
        reachable = np.minimum(padded_junctions[window], reachable + padded_gain[window])
    squared = reachable.tolist()
    gains = gain.tolist()
    for index in range(1, count):
        squared[index] = min(squared[index], squared[index - 1] + gains[index - 1])
    speeds: Array = np.sqrt(np.array(squared))
    return speeds
