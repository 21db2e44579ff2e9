"""``python -m dj_objectstore.cli`` is ``dj-objectstore``."""

import sys

from dj_objectstore.cli import main

sys.exit(main())
