"""Widgets for notebooks: a browser of stored objects and a scrubber of movies.

>>> from dj_objectstore import browse, scrub                         # doctest: +SKIP
"""
