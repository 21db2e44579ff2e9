"""The frame service: frames read ahead, kept in bounded memory, and played."""
