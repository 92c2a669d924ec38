"""op_diffprivlib: differentially private models on private frames. Not there yet: importing it says so.

Must not pretend: no name of the module exists before it works.
"""

raise ImportError(
    "op_diffprivlib comes in a later version; statistics of private frames are available now, e.g. frame.mean(eps=0.5)"
)
