"""Where an object lies: paths relative to a store's location. Pure; every ``build_`` has a ``parse_``."""
