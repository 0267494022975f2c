#!/usr/bin/python3
"""A cable with a length: two TUN devices, one here, one in another network namespace, and a fixed delay between them.

usage: delaylink.py HERE THERE NAMESPACE MILLISECONDS

HERE and THERE are the names of the devices, NAMESPACE is the path of a network namespace. Every IP packet comes out at
the other end MILLISECONDS later, in order, none lost and none shaped. Prints "ready" once both devices exist; they
vanish with this process. For kernels without netem. Needs root.
"""

import ctypes
import fcntl
import os
import selectors
import struct
import sys
import time
from collections import deque

TUNSETIFF = 0x400454CA
IFF_TUN = 0x0001
IFF_NO_PI = 0x1000
CLONE_NEWNET = 0x40000000


def make_device(name):
    """A TUN device in the network namespace that this process is in at the moment."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return device


def enter(namespace):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(os.open(namespace, os.O_RDONLY), CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns", namespace)


def take(device, far, waiting, delay):
    """Moves all packets that wait at a device into the queue."""
    while True:
        try:
            packet = os.read(device, 65536)
        except OSError:
            # Nothing more, or the device has no address yet.
            return
        waiting.append((time.monotonic() + delay, far, packet))


def deliver(waiting):
    """Sends what is due; gives the seconds until the next packet is, or None. One delay for all keeps the queue in order."""
    while waiting:
        rest = waiting[0][0] - time.monotonic()
        if rest > 0:
            return rest
        _, device, packet = waiting.popleft()
        try:
            os.write(device, packet)
        except OSError:
            pass  # That end is down: lost, as on a real cable.
    return None


def main(here_name, there_name, namespace, milliseconds):
    here = make_device(here_name)
    enter(namespace)
    there = make_device(there_name)
    far_end = {here: there, there: here}
    waiting = deque()
    selector = selectors.SelectSelector()  # epoll waits in whole milliseconds
    for device in far_end:
        selector.register(device, selectors.EVENT_READ)
    print("ready", flush=True)
    delay = float(milliseconds) / 1000
    rest = None
    while True:
        # A device that is down reports an error for ever: do not spin on it.
        for key, _ in selector.select(rest):
            before = len(waiting)
            take(key.fd, far_end[key.fd], waiting, delay)
            if len(waiting) == before:
                time.sleep(0.001)
        rest = deliver(waiting)


main(*sys.argv[1:])
