"""What a store is. Reads only the text of a configuration, and opens nothing."""
