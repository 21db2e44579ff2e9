"""The demo: a database, a store, a real movie in it, and JupyterLab to look at them.

>>> from dj_objectstore.demo.session import open_demo    # doctest: +SKIP
>>> with open_demo(Path("demo-data")) as demo:           # doctest: +SKIP
...     demo.recording.fetch1("movie").shape
(134, 128, 128)

Everything lies in one folder and everything that runs is stopped at the end.
"""
