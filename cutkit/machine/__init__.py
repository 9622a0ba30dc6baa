"""The cutting machine and the software that stands in for it."""
