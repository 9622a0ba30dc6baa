"""Streams a program to a cutter cut by cut, and goes on after an interruption; ``sender`` brings it together."""
