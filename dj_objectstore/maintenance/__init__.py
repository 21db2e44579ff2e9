"""Upkeep of what is stored: verifying and downloading the objects of many rows."""
