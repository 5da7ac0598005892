"""Mien's model tools: convert detectors, export and quantise the network, measure it, write a release."""
