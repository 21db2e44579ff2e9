"""The only place that opens a filesystem: stores, and the filesystem that libraries are given."""
