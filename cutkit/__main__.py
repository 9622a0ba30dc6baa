"""``python -m cutkit`` is the ``cutkit`` command."""

from cutkit.cli import main

if __name__ == "__main__":
    main()
