"""SVG, in and out: a pattern drawn in one (``drawing``); pictures of a marker (``marker``), of a pattern with its sizes
nested (``pattern``), of a run of the cutter (``cut``).

``page``, ``text``, ``colours``, ``pieces`` and ``labels`` are what the pictures share.
"""
