"""The nest search: from copies and fabric to a marker."""
