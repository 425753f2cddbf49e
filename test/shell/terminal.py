"""A terminal around a program: terminal.py COLUMNS PROGRAM WORDS...

Prints whatever the program writes to its terminal, hands on each byte of its own standard input as a key, and ends with
the program's exit code (128 and the signal's number where a signal ended it).
"""
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios

columns, program = int(sys.argv[1]), sys.argv[2:]
child, terminal = pty.fork()
if child == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    # As a person's shell does, it outlives Ctrl-C, so that the program can end in its own time.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    heard = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
    ended = subprocess.call(program, preexec_fn=heard)
    os._exit(ended if ended >= 0 else 128 - ended)

keys = [0]
while True:
    ready, _, _ = select.select([terminal, *keys], [], [])
    if terminal in ready:
        try:
            written = os.read(terminal, 65536)
        except OSError:  # The last one who could write is gone.
            written = b""
        if not written:
            break
        sys.stdout.buffer.write(written)
        sys.stdout.buffer.flush()
    if 0 in ready:
        typed = os.read(0, 1024)
        if typed:
            os.write(terminal, typed)
        else:
            keys = []

_, status = os.waitpid(child, 0)
sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
