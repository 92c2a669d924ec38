"""Groups of system calls that the profiles are put together from; a reason per row. Says what is allowed, never to whom.

A row gives the least that real guests were seen to need; what only some need stands in a group of its own.
"""

import fcntl
import mmap
import os
import socket
import termios
from typing import Final

from ag_sandbox.profile import OWN_PROCESS, WHOLE, Argument, Call

_PROT_WRITE: Final = mmap.PROT_WRITE
_PROT_EXEC: Final = mmap.PROT_EXEC
_FIONBIO: Final = 0x5421
_PR_SET_NAME, _PR_GET_NAME, _PR_SET_VMA = 15, 16, 0x53564D41
_PR_GET_PDEATHSIG, _PR_GET_DUMPABLE, _PR_GET_SECCOMP, _PR_GET_NO_NEW_PRIVS = 2, 3, 21, 39
_CLONE_THREAD: Final = 0x00010000
_WRITING_FLAGS: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | 0o20000000
"""O_TMPFILE without O_DIRECTORY is the last: a file without a name."""
_OPEN_HOW: Final = Argument(1, (0,), mask=_WRITING_FLAGS)
_OPENAT_HOW: Final = Argument(2, (0,), mask=_WRITING_FLAGS)
_ITSELF: Final = Argument(0, (0, OWN_PROCESS))

COMPUTING: Final = (
    Call(("brk", "munmap", "mremap", "madvise"), "the allocator"),
    Call(
        ("mmap",),
        "memory, and files mapped for reading; never both writable and executable",
        (Argument(2, (0,), mask=_PROT_EXEC),),
    ),
    Call(
        ("mmap",),
        "the dynamic linker maps the code of libraries; from a file, and not writable",
        (Argument(2, (_PROT_EXEC,), mask=_PROT_WRITE | _PROT_EXEC), Argument(3, (0,), mask=mmap.MAP_ANONYMOUS)),
    ),
    Call(
        ("mprotect",),
        "the dynamic linker seals relocated data; no page becomes code",
        (Argument(2, (0,), mask=_PROT_EXEC),),
    ),
    Call(
        ("futex", "rseq", "set_robust_list", "set_tid_address", "gettid"), "locks and per-thread state of the C library"
    ),
    Call(("sched_yield", "getcpu"), "spinning politely, and choosing an arena"),
    Call(("sched_getaffinity",), "how many processors there are for itself", (_ITSELF,)),
    Call(("clock_gettime", "clock_getres", "gettimeofday", "time", "times"), "what time it is"),
    Call(("nanosleep", "clock_nanosleep"), "sleeping for a while"),
    Call(("getrandom",), "randomness from the kernel"),
    Call(("getpid", "getuid", "geteuid", "getgid", "getegid"), "which process and user it is"),
    Call(("uname", "getrusage"), "what machine this is, and what itself has used; not what others use (sysinfo)"),
    Call(
        ("prlimit64",),
        "its own limits, to read: a limit once set stays",
        (_ITSELF, Argument(2, (0,), mask=WHOLE)),
    ),
    Call(
        ("prctl",),
        "names of threads and of memory areas, which only a debugger reads",
        (Argument(0, (_PR_SET_NAME, _PR_GET_NAME, _PR_SET_VMA)),),
    ),
    Call(
        ("prctl",),
        "the probe asks whether earlier steps hold",
        (Argument(0, (_PR_GET_PDEATHSIG, _PR_GET_DUMPABLE, _PR_GET_SECCOMP, _PR_GET_NO_NEW_PRIVS)),),
    ),
    Call(("capget",), "the probe asks whether a capability is left"),
    Call(("exit", "exit_group", "restart_syscall"), "ending, and going on after a stop"),
)

SIGNALS: Final = (
    Call(
        ("rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack"),
        "handlers: an interrupt becomes KeyboardInterrupt",
    ),
    Call(("kill", "tgkill"), "raising a signal in itself (abort, raise), nobody else", (Argument(0, (OWN_PROCESS,)),)),
    Call(("setitimer", "getitimer", "alarm"), "a timer that interrupts a cell"),
)

DESCRIPTORS: Final = (
    Call(("read", "readv", "write", "writev", "pread64", "lseek"), "descriptors it was given or may open"),
    Call(("close", "close_range", "dup", "dup2", "dup3", "pipe2"), "tidying them, and a pipe to itself"),
    Call(
        ("fcntl",),
        "flags of a descriptor; no leases, no notices, no owner to be signalled",
        (
            Argument(
                1,
                (fcntl.F_DUPFD, fcntl.F_DUPFD_CLOEXEC, fcntl.F_GETFD, fcntl.F_SETFD, fcntl.F_GETFL, fcntl.F_SETFL),
            ),
        ),
    ),
    Call(
        ("ioctl",),
        "is it a terminal, how much waits, block or not; no device is driven",
        (Argument(1, (termios.TCGETS, termios.FIONREAD, _FIONBIO, termios.FIOCLEX, termios.TIOCGWINSZ)),),
    ),
    Call(("poll", "ppoll", "select", "pselect6"), "waiting for its own descriptors"),
    Call(("epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait"), "waiting for many of them"),
)

INHERITED_SOCKETS: Final = (
    Call(
        ("sendto", "recvfrom", "shutdown"),
        "talking over the sockets it was born with; no descriptor can be passed along",
    ),
    Call(("getsockname", "getpeername"), "whose socket it holds"),
    Call(
        ("getsockopt",),
        "what kind of socket it holds, and its error; never a descriptor of the process at the other end",
        (
            Argument(1, (socket.SOL_SOCKET,)),
            Argument(2, (socket.SO_TYPE, socket.SO_ERROR, socket.SO_DOMAIN, socket.SO_PROTOCOL)),
        ),
    ),
)

LOOKING: Final = (
    Call(
        ("stat", "newfstatat", "fstat"),
        "the probe asks whether a path is there before it tries to open it; nothing can be opened",
    ),
)

READING: Final = (
    Call(("open",), "opening for reading; where, Landlock says", (_OPEN_HOW,)),
    Call(("openat",), "opening for reading; where, Landlock says", (_OPENAT_HOW,)),
    Call(("fstat", "stat", "lstat", "newfstatat", "statx"), "the import system looks whether a module is there"),
    Call(("getdents64", "readlink", "readlinkat", "getcwd"), "and lists directories, follows links, knows where it is"),
    Call(("access", "faccessat", "faccessat2"), "libraries look for their data files"),
)

WRITING: Final = (
    Call(("open", "openat"), "opening for writing too; where, Landlock says"),
    Call(("pwrite64", "pwritev", "preadv"), "pages of a database"),
    Call(("fsync", "fdatasync", "sync_file_range"), "a charge is on disk before a row is read"),
    Call(("ftruncate", "fallocate", "fadvise64", "flock"), "logs, shared memory and spill files of databases"),
    Call(("unlink", "unlinkat", "mkdir", "mkdirat", "rmdir"), "spill files come and go"),
    Call(("rename", "renameat", "renameat2"), "a file is written aside, then put in place at once"),
    Call(("umask",), "new files are private"),
    Call(
        ("fcntl",),
        "locks between the processes of one ledger",
        (Argument(1, (fcntl.F_GETLK, fcntl.F_SETLK, fcntl.F_SETLKW, 36, 37, 38)),),
    ),
    Call(("sysinfo",), "the query engine sizes its tables by the machine's memory"),
    Call(("statfs", "fstatfs"), "room left on the disk, and whether it is one that locks"),
)

READING_A_DATABASE: Final = (
    Call(
        ("fcntl",),
        "the query engine locks its file against whoever would write it",
        (Argument(1, (fcntl.F_GETLK, fcntl.F_SETLK, fcntl.F_SETLKW, 36, 37, 38)),),
    ),
    Call(("sysinfo",), "the query engine sizes its tables by the machine's memory"),
    Call(("statfs", "fstatfs"), "on which kind of disk its file lies"),
    Call(("membarrier", "get_mempolicy"), "its allocator asks at its first large piece"),
)

THREADS: Final = (
    Call(
        ("clone",),
        "threads of the query engine; only threads, never a process",
        (Argument(0, (_CLONE_THREAD,), mask=_CLONE_THREAD),),
    ),
    Call(("sched_setaffinity",), "the engine may pin its own threads", (_ITSELF,)),
    Call(
        ("sched_get_priority_max", "sched_get_priority_min", "sched_getparam", "sched_getscheduler"),
        "what threads ask at birth",
    ),
    Call(("membarrier", "get_mempolicy", "eventfd2"), "waking each other"),
)

ABSENT: Final = ("clone3", "openat2", "io_setup", "epoll_pwait2", "memfd_create", "mbind", "set_mempolicy")
"""Answered as on an older kernel, so that libraries take the older way that a filter can look into, or do without."""

FATAL: Final = (
    *("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "process_mrelease", "kcmp", "pidfd_getfd"),
    *("io_uring_setup", "io_uring_enter", "io_uring_register", "bpf", "userfaultfd", "perf_event_open"),
    *("add_key", "request_key", "keyctl", "memfd_secret", "modify_ldt", "iopl", "ioperm", "personality"),
    *("mount", "umount2", "fsopen", "fsconfig", "fsmount", "fspick", "open_tree", "move_mount", "mount_setattr"),
    *("pivot_root", "chroot", "unshare", "setns", "open_by_handle_at", "name_to_handle_at", "fanotify_init"),
    *("init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff"),
    *("acct", "quotactl", "quotactl_fd", "syslog", "vhangup", "lookup_dcookie", "sethostname", "setdomainname"),
    *("settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "migrate_pages", "move_pages"),
)
"""No library of ours ever asks for these: who does is attacking, and dies on the spot."""
