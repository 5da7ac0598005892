"""Labelled faces: the index form, public data sets and photo folders brought into it, machine labels, audits."""
