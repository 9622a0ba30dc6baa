"""From what was asked for to what is nested, in one place: for a command line as for a job of a batch.

::

    wanted    what is asked of a nest, and how its keys are called where it was asked
    sources   the files that it names, with their bytes
    finding   the files that nobody names: the user's and the project's rules, a fabric by its name
    layers    what all of them say, one over the other, with where it was said
    cloth     the fabric that comes of it, and what cannot be meant
    prepare   all of it as demands on a fabric, ready to be nested
"""
