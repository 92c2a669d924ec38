"""The file tree: a child that holds rows sees public code and its own grants, and no other file has a name. Knows paths, no rights.

Kernel and checker are born into such a tree; a vault's grants are known only when its order is heard, so it makes its own.
"""

from ag_sandbox.inmate import Inmate
from ag_sandbox.view import MOUNTS, enclose


def apply(inmate: Inmate) -> None:
    """Leave the host's tree, where the profile wants it and the nursery has tried that the host lets it."""
    if inmate.profile.tree_of_grants and inmate.enclosed:
        granted = map(str, (*inmate.grants.read, *inmate.grants.write))
        enclose((*inmate.profile.paths(inmate.python), *granted), new=MOUNTS)
