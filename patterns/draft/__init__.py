"""Drafts the garments of this folder from body measurements and writes them as pattern CADs do.

The way through the package: ``sizes`` (body tables) -> one module per garment (``tshirt``, ``shirt``, ...), which uses
``geometry`` (curves) and ``piece`` (edges, notches, seams) -> ``allowance`` (the cut line) -> ``dxf`` and ``rul``.
Run it from the repository's root: ``python -m patterns.draft``.
"""
