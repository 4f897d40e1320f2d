"""A stranger's workbook, read and matched without keeping anything.

`process` reads and matches in a process of its own that can be stopped · `runner` starts it and words its
refusals · `template` is the workbook to fill in. The API and the page of the same purpose both come here.
"""
