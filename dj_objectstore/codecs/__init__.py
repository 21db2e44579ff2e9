"""Everything that DataJoint loads or calls: the codecs, the hook around inserting, and `enable`."""
