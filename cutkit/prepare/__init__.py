"""From what was asked for to what is nested, in one place: for a command line as for a job of a batch.

::

    wanted    what is asked of a nest, and how its keys are called where it was asked
    sources   the files that it names, with their bytes
    sense     what does not go together
    prepare   all of it as demands on a fabric, ready to be nested
"""
