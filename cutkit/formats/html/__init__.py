"""Pages for a browser, each one file that needs nothing else: no server, no network."""
