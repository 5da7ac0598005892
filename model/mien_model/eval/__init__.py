"""`mien_model eval`: what a release's recogniser gets right and wrong, on labelled crops and on whole pictures; report, card and gate."""
