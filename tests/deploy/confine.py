"""Runs a program with the system calls and the kinds of sockets alone that a unit of systemd leaves it.

python confine.py "NAME NAME…" "AF_NAME…" PROGRAM ARGUMENT…
"""

import ctypes
import errno
import os
import socket
import sys

PR_SET_NO_NEW_PRIVS = 38
EPERM, ALLOW = 0x00050000 | errno.EPERM, 0x7FFF0000
EQUAL = 4


class Condition(ctypes.Structure):
    """What the first argument of a call has to be."""

    _fields_ = (
        ("argument", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("value", ctypes.c_uint64),
        ("mask", ctypes.c_uint64),
    )


def confine(calls: list[str], families: list[str]) -> None:
    """From here on, and in all that is started."""
    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(seccomp.seccomp_init(EPERM))
    numbers = {name: seccomp.seccomp_syscall_resolve_name(name.encode()) for name in calls}
    for name, number in numbers.items():
        if number != -1 and name != "socket":
            seccomp.seccomp_rule_add(rules, ALLOW, number, 0)
    for family in families:
        condition = Condition(0, EQUAL, getattr(socket, family), 0)
        seccomp.seccomp_rule_add_array(rules, ALLOW, numbers["socket"], 1, ctypes.byref(condition))
    assert ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    assert seccomp.seccomp_load(rules) == 0


confine(sys.argv[1].split(), sys.argv[2].split())
os.execv(sys.argv[3], sys.argv[3:])
