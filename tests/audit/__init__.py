"""A black-box audit of ε: how much a release's own draws certify that it gives away at least, against what it is charged: ``make audit``."""
