"""What each kind of child may do. The tables of the jail; every row has its reason, and what has no row is denied."""

from collections.abc import Mapping
from typing import Final

from ag_sandbox import calls
from ag_sandbox.profile import Profile, Readable

_ONE_THREAD: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""Libraries must start no thread before the fork: a lock held by a thread that isn't copied is never released."""

_ONE_ORDER: Final = {"PYTHONHASHSEED": "0"}
"""What goes through a set of texts meets them in the same order in every mapper, so that its results are the same."""

_PUBLIC: Final = (
    Readable("/lib", "shared libraries loaded on first use"),
    Readable("/lib64", "shared libraries loaded on first use"),
    Readable("/usr/lib", "shared libraries loaded on first use"),
    Readable("/usr/lib64", "shared libraries loaded on first use"),
    Readable("/usr/local/lib", "an interpreter built by hand, and its libraries"),
    Readable("/etc/ld.so.cache", "where those libraries are"),
    Readable("/usr/share/zoneinfo", "time zones"),
    Readable("/etc/localtime", "the time zone of the host"),
)

_ENGINE: Final = (
    Readable("/proc/self/cgroup", "the query engine asks at birth which limits it lives under, and aborts if it can't"),
    Readable("/sys/fs/cgroup", "and what those limits are, with the same end"),
    Readable("/dev/urandom", "SQLite seeds the names of its temporary files from it"),
    Readable("/sys/devices/system/cpu/online", "how many threads are worth starting"),
)

KERNEL: Final = Profile(
    name="kernel",
    what="runs guest code: computes, reads public code, talks over what it was born with",
    calls=(*calls.COMPUTING, *calls.SIGNALS, *calls.DESCRIPTORS, *calls.INHERITED_SOCKETS, *calls.READING),
    absent=calls.ABSENT,
    readable=_PUBLIC,
    open_files=64,
    address_slack_bytes=512 << 20,
    interruptible=True,
    logs=False,
    own_view=True,
    environment=_ONE_THREAD,
)

CHECKER: Final = Profile(
    name="checker",
    what="sees the source text of cells, types them in memory",
    calls=(*calls.COMPUTING, *calls.SIGNALS, *calls.DESCRIPTORS, *calls.INHERITED_SOCKETS, *calls.READING),
    absent=calls.ABSENT,
    readable=_PUBLIC,
    open_files=64,
    address_slack_bytes=512 << 20,
    interruptible=False,
    logs=True,
    own_view=True,
    environment=_ONE_THREAD,
)

MAPPER: Final = Profile(
    name="mapper",
    what="runs an analyst's program on private values: computes, talks to its vault; opens nothing, not even public code",
    calls=(*calls.COMPUTING, *calls.SIGNALS, *calls.DESCRIPTORS, *calls.INHERITED_SOCKETS, *calls.LOOKING),
    absent=calls.ABSENT,
    readable=(),
    open_files=64,
    address_slack_bytes=512 << 20,
    interruptible=False,
    logs=False,
    own_view=True,
    environment=_ONE_THREAD | _ONE_ORDER,
)

VAULT: Final = Profile(
    name="vault",
    what="holds rows and ledger: reads its data set, writes its ledger, runs the query engine's threads",
    calls=(
        *(*calls.COMPUTING, *calls.SIGNALS, *calls.DESCRIPTORS, *calls.INHERITED_SOCKETS, *calls.READING),
        *(*calls.WRITING, *calls.THREADS),
    ),
    absent=calls.ABSENT,
    readable=(*_PUBLIC, *_ENGINE),
    open_files=512,
    address_slack_bytes=16 << 30,
    interruptible=False,
    logs=True,
    own_view=False,
    environment=_ONE_THREAD,
    tree_of_grants=True,
)

CLERK: Final = Profile(
    name="clerk",
    what="keeps the ledger's books for owners: writes ledger and signed head, holds no row, has one thread",
    calls=(
        *(*calls.COMPUTING, *calls.SIGNALS, *calls.DESCRIPTORS, *calls.INHERITED_SOCKETS, *calls.READING),
        *calls.WRITING,
    ),
    absent=calls.ABSENT,
    readable=(*_PUBLIC, Readable("/dev/urandom", "SQLite seeds the names of its temporary files from it")),
    open_files=64,
    address_slack_bytes=512 << 20,
    interruptible=False,
    logs=True,
    own_view=False,
    environment=_ONE_THREAD,
    tree_of_grants=True,
)

LOADER: Final = Profile(
    name="loader",
    what="parses an owner's files once, writes the data set",
    calls=VAULT.calls,
    absent=calls.ABSENT,
    readable=(*_PUBLIC, *_ENGINE),
    open_files=512,
    address_slack_bytes=16 << 30,
    interruptible=True,
    logs=True,
    own_view=False,
    tree_of_grants=True,
    environment=_ONE_THREAD,
)

REVIEWER: Final = Profile(
    name="reviewer",
    what="runs one reviewed function on rows and gives back one value: a kernel's walls, no log, nobody to interrupt it",
    calls=(*calls.COMPUTING, *calls.SIGNALS, *calls.DESCRIPTORS, *calls.INHERITED_SOCKETS, *calls.READING),
    absent=calls.ABSENT,
    readable=_PUBLIC,
    open_files=64,
    address_slack_bytes=512 << 20,
    interruptible=False,
    logs=False,
    own_view=True,
    environment=_ONE_THREAD,
)

LENDER: Final = Profile(
    name="lender",
    what="reads one data set's files and writes one table into a socket: no code of others, no file to write, no thread",
    calls=(
        *(*calls.COMPUTING, *calls.SIGNALS, *calls.DESCRIPTORS, *calls.INHERITED_SOCKETS, *calls.READING),
        *calls.READING_A_DATABASE,
    ),
    absent=calls.ABSENT,
    readable=(*_PUBLIC, *_ENGINE),
    open_files=64,
    address_slack_bytes=16 << 30,
    interruptible=False,
    logs=True,
    own_view=False,
    environment=_ONE_THREAD,
    tree_of_grants=True,
)

PROFILES: Final[Mapping[str, Profile]] = {
    profile.name: profile for profile in (KERNEL, CHECKER, MAPPER, VAULT, CLERK, LOADER, REVIEWER, LENDER)
}
