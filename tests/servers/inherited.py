"""What a server's process takes over from the tests that started it: a listening socket, and their end."""

import os
import socket
import sys
import threading


def take_listener() -> socket.socket:
    """Give the socket whose descriptor is the first argument."""
    return socket.socket(fileno=int(sys.argv[1]))


def stop_with_parent() -> None:
    """End this process once the other end of its standard input is closed, however the tests ended."""

    def wait() -> None:
        sys.stdin.buffer.read()
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()
