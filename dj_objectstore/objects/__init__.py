"""What a row holds: the handles of stored objects, their metadata and manifests, and values to insert."""
