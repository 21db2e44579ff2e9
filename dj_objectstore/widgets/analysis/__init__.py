"""What is computed of a whole movie: projections, regions and their traces, clips."""
