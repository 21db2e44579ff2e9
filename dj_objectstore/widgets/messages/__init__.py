"""What the pages and the kernel say to each other, each message with its bounds."""
