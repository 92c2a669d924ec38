"""op_snsql: SQL on private frames. Not there yet: importing it says so.

Must not pretend: no name of the module exists before it works.
"""

raise ImportError(
    "op_snsql comes in a later version; filters and groups of private frames are available now, "
    "e.g. frame[frame['age'] > 40].groupby('sex').mean(eps=0.5)"
)
