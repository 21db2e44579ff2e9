"""gcp-storage-emulator as a program, without what makes each request slower than the one before.

After each change it writes all that it knows as one JSON text, although it is told to keep it in memory.
"""

from __future__ import annotations

from gcp_storage_emulator.__main__ import main
from gcp_storage_emulator.storage import Storage

if __name__ == "__main__":
    Storage._write_config_to_file = lambda _: None
    main()
