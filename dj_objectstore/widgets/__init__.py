"""Widgets for notebooks: a browser of stored objects, a scrubber of movies, a wizard for stores.

Here are the widgets themselves, what they share (`widget`, `channel`) and how objects are displayed. Below:
`messages`, what pages and kernel say to each other; `movies`, where frames come from; `frames`, the service
that reads them; `analysis`, what is computed of a whole movie; `browsing`, trees, rows and previews.

>>> from dj_objectstore import browse, configure, scrub              # doctest: +SKIP
"""
