"""Real mappers without a jail, one after the other: ``python mapper_process.py MAP_FD``."""

import socket
import sys

from ag_mapper.serve import one

if __name__ == "__main__":
    sys.setrecursionlimit(10_000)
    stream = socket.socket(fileno=int(sys.argv[1]))
    while one(stream):
        pass
