"""Mien's model tools: train the network, convert detectors, export and quantise, measure, write a release."""

import os

# Read by ONNX Runtime when it loads: nothing leaves the machine.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
