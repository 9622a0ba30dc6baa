"""Lays: from what an order needs to the markers it is cut in, and the cloth that these are cut from.

::

    garments  which garments are alike, and shares of an order
    judge     the length of a share: guessed, or nested
    split     an order over several markers within a length limit
    rolls     an order on rolls and remnants, around their flaws
    sections  garments kept together, one behind the other
    cloth     what lies where along the cloth
    work      all of it: ``lay``
"""

from cutkit.lay.rolls import RollUse
from cutkit.lay.sections import Sections
from cutkit.lay.work import Lay, LayRules, lay

__all__ = ["Lay", "LayRules", "RollUse", "Sections", "lay"]
