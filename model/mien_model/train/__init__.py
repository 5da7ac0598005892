"""`mien_model train`: the network from labelled faces, in PyTorch on a CPU. loop.py ties the parts together."""
