"""Attacks from inside a jail, each named for what it is after. Only data: code for the hostile guest, and for FATAL a call with arguments."""

from collections.abc import Mapping
from typing import Final

from ag_sandbox.syscalls import ARCHITECTURES, NUMBERS, machine


def number(name: str) -> int:
    """The number of a call on this machine."""
    found = NUMBERS[name][ARCHITECTURES[machine()][0]]
    assert found is not None
    return found


FILES: Final[Mapping[str, str]] = {
    "read the password file": "answer = open('/etc/passwd').read()",
    "read its own environment": "answer = open('/proc/self/environ').read()",
    "read its own memory through proc": "answer = open('/proc/self/mem', 'rb').read(1)",
    "write its own memory through proc": "answer = open('/proc/self/mem', 'r+b')",
    "map its own memory through proc": "answer = open('/proc/self/maps').read()",
    "read the memory of its parent": "answer = open(f'/proc/{os.getppid()}/mem', 'rb')",
    "read the command line of the first process": "answer = open('/proc/1/cmdline').read()",
    "list processes": "answer = os.listdir('/proc')",
    "list the root": "answer = os.listdir('/')",
    "list the temporary directory": "answer = os.listdir('/tmp')",
    "list devices": "answer = os.listdir('/dev')",
    "open a disk": "answer = open('/dev/sda', 'rb')",
    "open the kernel's memory": "answer = open('/dev/mem', 'rb')",
    "read the kernel's symbols": "answer = open('/proc/kallsyms').read()",
    "read the operator's keys": "answer = os.listdir(os.path.expanduser('~/.ssh'))",
    "write a temporary file": "answer = open('/tmp/ag-attack', 'w')",
    "write shared memory": "answer = open('/dev/shm/ag-attack', 'w')",
    "write into the interpreter": "answer = open(os.__file__, 'a')",
    "plant a module beside a library": "import json; answer = open(os.path.dirname(json.__file__) + '/evil.py', 'w')",
    "truncate a library": "answer = os.truncate(os.__file__, 0)",
    "delete a library": "answer = os.unlink(os.__file__)",
    "rename a library": "answer = os.rename(os.__file__, os.__file__ + 'x')",
    "make a directory": "answer = os.mkdir('/tmp/ag-attack-dir')",
    "make a link to a secret": "answer = os.symlink('/etc/shadow', '/tmp/ag-attack-link')",
    "make a hard link": "answer = os.link(os.__file__, '/tmp/ag-attack-hard')",
    "make a device": "answer = os.mknod('/tmp/ag-attack-node')",
    "make a fifo": "answer = os.mkfifo('/tmp/ag-attack-fifo')",
    "change a mode": "answer = os.chmod(os.__file__, 0o777)",
    "change an owner": "answer = os.chown(os.__file__, 0, 0)",
    "change a time": "answer = os.utime(os.__file__)",
    "set an attribute": "answer = os.setxattr(os.__file__, 'user.x', b'y')",
    "walk up from a granted directory": "answer = os.listdir(os.path.dirname(os.__file__) + '/../../../../../etc')",
    "open a secret from a granted directory": (
        "d = os.open(os.path.dirname(os.__file__), os.O_RDONLY); answer = os.open('../../../../../etc/passwd', 0, dir_fd=d)"
    ),
    "open a secret without looking at it": "answer = os.open('/etc/shadow', os.O_RDONLY)",
    "open by a newer call": f"answer = call({number('openat2')}, -100, b'/etc/passwd', b'\\0' * 24, 24)",
    "a file without a name": "answer = os.open(os.path.dirname(os.__file__), os.O_TMPFILE | os.O_RDWR)",
    "memory as a file": "answer = os.memfd_create('x')",
}

NETWORK: Final[Mapping[str, str]] = {
    "make a TCP socket": "answer = socket.socket()",
    "make a UDP socket": "answer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    "make an IPv6 socket": "answer = socket.socket(socket.AF_INET6)",
    "make a unix socket": "answer = socket.socket(socket.AF_UNIX)",
    "make a netlink socket": "answer = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
    "make a raw socket": "answer = socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)",
    "make a packet socket": "answer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
    "make a vsock": "answer = socket.socket(socket.AF_VSOCK)",
    "make a crypto socket": "answer = socket.socket(socket.AF_ALG)",
    "make a socket pair": "answer = socket.socketpair()",
    "fetch a page": "answer = __import__('urllib.request').request.urlopen('http://127.0.0.1:1', timeout=1)",
    "connect an inherited socket elsewhere": "answer = sockets['channel'].connect('/run/docker.sock')",
    "bind an inherited socket": "answer = sockets['channel'].bind('\\0ag-attack')",
    "listen on an inherited socket": "answer = sockets['channel'].listen()",
    "pass a descriptor out": "answer = socket.send_fds(sockets['channel'], [b'x'], [0])",
    "receive a descriptor": "answer = socket.recv_fds(sockets['channel'], 10, 1)",
    "get a handle on whoever holds the other end": "answer = sockets['channel'].getsockopt(1, 77)",
    "filter an inherited socket": "answer = sockets['channel'].setsockopt(1, 26, b'\\0' * 16)",
}

PROCESSES: Final[Mapping[str, str]] = {
    "fork": "answer = os.fork()",
    "fork by the oldest call": f"answer = call({NUMBERS['fork'][0]})"
    if machine() == "x86_64"
    else "answer = os.fork()",
    "fork by the newest call": f"answer = call({number('clone3')}, b'\\0' * 64, 64)",
    "fork with a shared parent": f"answer = call({number('clone')}, 0x8011, 0, 0, 0, 0)",
    "run a shell": "answer = __import__('subprocess').run('id', shell=True)",
    "run a program": "answer = os.execv('/bin/true', ['true'])",
    "run a program from a descriptor": f"answer = call({number('execveat')}, 0, b'', 0, 0, 0x1000)",
    "spawn a program": "answer = os.posix_spawn('/bin/true', ['true'], {})",
    "open a pipe to a program": "answer = __import__('subprocess').Popen(['true'])",
    "start a worker process": "p = __import__('multiprocessing').Process(target=print); p.start(); answer = p",
    "signal its parent": "answer = os.kill(os.getppid(), 9)",
    "signal the first process": "answer = os.kill(1 if os.getpid() > 1 else 2, 0)",
    "signal everybody": "answer = os.kill(-1, 9)",
    "signal its group": "answer = os.killpg(0, 9)",
    "signal a thread of its parent": f"answer = call({number('tkill')}, os.getppid(), 9)",
    "signal with a message": f"answer = call({number('rt_sigqueueinfo')}, os.getppid(), 9, b'\\0' * 128)",
    "get a handle on its parent": "answer = os.pidfd_open(os.getppid())",
    "be signalled for others": "import fcntl; answer = fcntl.fcntl(sockets['channel'], fcntl.F_SETOWN, os.getppid())",
    "type into the operator's terminal": "import fcntl; answer = fcntl.ioctl(0, 0x5412, b'x')",
    "leave the session": "answer = os.setsid()",
    "become another user": "answer = os.setuid(0) or os.setuid(1)",
    "become another group": "answer = os.setgid(1)",
    "take itself out of the limits": "import resource; answer = resource.prlimit(0, resource.RLIMIT_AS, (-1, -1))",
    "change its parent's limits": "import resource; answer = resource.prlimit(os.getppid(), resource.RLIMIT_CORE)",
    "survive its parent": f"answer = call({number('prctl')}, 1, 0, 0, 0, 0)",
    "let a debugger in": f"answer = call({number('prctl')}, 4, 1, 0, 0, 0)",
    "change what memory it shows": f"answer = call({number('prctl')}, 35, 8, 0, 0, 0)",
    "go first": "answer = os.setpriority(os.PRIO_PROCESS, 0, -20)",
    "schedule itself in real time": "answer = os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))",
    "move its parent to one processor": "answer = os.sched_setaffinity(os.getppid(), {0})",
    "share memory with another": f"answer = call({number('shmget')}, 0x1234, 4096, 0o1666)",
    "leave a message for another": f"answer = call({number('msgget')}, 0x1234, 0o1666)",
    "make writable code": "import mmap; answer = mmap.mmap(-1, 4096, prot=7)",
    "make code of data": "import mmap; answer = mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=5)",
    "watch who opens files": f"answer = call({number('inotify_init1')}, 0)",
    "use a number nobody knows": "answer = call(511)",
}

FATAL: Final[Mapping[str, tuple[str, str]]] = {
    "change the root": ("chroot", "b'/usr'"),
    "read the kernel's log": ("syslog", "3, b'\\0' * 16, 16"),
    "attach to its parent": ("ptrace", "16, os.getppid(), 0, 0"),
    "be traced": ("ptrace", "0, 0, 0, 0"),
    "read its parent's memory": ("process_vm_readv", "os.getppid(), b'\\0' * 16, 1, b'\\0' * 16, 1, 0"),
    "write its parent's memory": ("process_vm_writev", "os.getppid(), b'\\0' * 16, 1, b'\\0' * 16, 1, 0"),
    "take its parent's descriptor": ("pidfd_getfd", "0, 0, 0"),
    "compare itself with its parent": ("kcmp", "os.getpid(), os.getppid(), 0, 0, 0"),
    "use rings that no filter sees": ("io_uring_setup", "8, b'\\0' * 120"),
    "load code into the kernel's machine": ("bpf", "5, b'\\0' * 120, 120"),
    "handle page faults": ("userfaultfd", "0"),
    "count the processor's events": ("perf_event_open", "b'\\0' * 120, 0, -1, -1, 0"),
    "use the kernel's keys": ("keyctl", "0, -3, 0, 0, 0"),
    "mount": ("mount", "b'x', b'/', b'tmpfs', 0, 0"),
    "unmount": ("umount2", "b'/', 2"),
    "open a file system": ("fsopen", "b'tmpfs', 0"),
    "change the root for good": ("pivot_root", "b'/', b'/'"),
    "make namespaces": ("unshare", "0x10000000"),
    "enter namespaces": ("setns", "0, 0"),
    "load a module": ("finit_module", "0, b'', 0"),
    "open by handle": ("open_by_handle_at", "-100, b'\\0' * 16, 0"),
    "change how addresses are laid out": ("personality", "0x0040000"),
    "load another filter": ("seccomp", "1, 0, 0"),
    "set the clock": ("clock_settime", "0, b'\\0' * 16"),
    "restart the machine": ("reboot", "0, 0, 0, 0"),
}

REFUSED: Final[Mapping[str, str]] = {**FILES, **NETWORK, **PROCESSES}
