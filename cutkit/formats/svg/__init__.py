"""Pictures in SVG: a marker (``marker``), a pattern with its sizes nested (``pattern``), a run of the cutter (``cut``).

``page``, ``text``, ``colours``, ``pieces`` and ``labels`` are what they share.
"""
