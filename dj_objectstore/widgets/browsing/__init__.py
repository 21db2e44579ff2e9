"""What a browser shows: trees, rows and previews."""
