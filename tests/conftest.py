"""What holds for every test: an interrupt raises KeyboardInterrupt, also where whoever started the run had it ignored (as shells do behind ``&``)."""

import signal

signal.signal(signal.SIGINT, signal.default_int_handler)
