"""cutkit: fabric nesting and automated cutting for apparel micro-factories.

The line is ``Pattern -> nest -> Marker -> cut -> ToolPath -> program -> machine``; ARCHITECTURE.md tells it in a page.
Importing this package loads nothing heavy; import the module you need.
"""

__version__ = "0.1.0"
