"""What is made of a marker, whoever asks for it: a command or a job of a batch.

::

    names        what the files are called where a job has several markers
    drawings     a marker as picture, DXF, PDF and page
    programs     a marker as the programs of a cutter, with the pick list
    report_page  the page of a report, put together from its figures
"""
