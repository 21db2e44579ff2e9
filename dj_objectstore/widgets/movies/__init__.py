"""Where frames come from: stored movies, files, and arrays of any library, behind one interface."""
