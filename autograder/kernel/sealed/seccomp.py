"""The system calls a sealed kernel may make.

A list of what is allowed, close to what container engines allow: anything else, including calls
that newer Linux versions add, returns "not implemented". Calls are listed by name, because
libseccomp knows the numbers on every machine.
"""

import errno
import socket

# Left out on purpose, though container engines allow some of them: calls that allocate memory
# nobody counts (memfd_create, shmget, msgget, semget), inspect other processes (ptrace,
# process_vm_readv, pidfd_getfd), make namespaces or mounts, keyrings, io_uring, bpf,
# perf_event_open, userfaultfd. clone3 is left out because a filter cannot look at its flags; the C
# library then uses clone.
ALLOWED = """
accept accept4 access alarm arch_prctl arm_fadvise64_64 bind brk cacheflush
capget chdir chmod chown clock_getres clock_gettime clock_nanosleep close
close_range connect copy_file_range creat dup dup2 dup3 epoll_create epoll_create1
epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 execve execveat
exit exit_group faccessat faccessat2 fadvise64 fallocate fchdir fchmod fchmodat fchmodat2
fchown fchownat fdatasync fgetxattr flistxattr fork fremovexattr
fsetxattr fstat fstatfs fsync ftruncate futex futex_waitv
futimesat get_mempolicy get_robust_list getcpu getcwd getdents getdents64 getegid geteuid
getgid getgroups getitimer getpeername getpgid getpgrp getpid getppid getpriority
getrandom getresgid getresuid getrlimit getrusage getsid getsockname getsockopt
gettid gettimeofday getuid getxattr inotify_add_watch inotify_init inotify_init1
inotify_rm_watch ioctl kill lchown lgetxattr link linkat listen
listxattr llistxattr lremovexattr lseek lsetxattr lstat madvise membarrier mincore mkdir
mkdirat mknod mknodat mlock mlock2 mlockall mmap mprotect mremap msync
munlock munlockall munmap nanosleep newfstatat open openat openat2 pause
pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc pkey_free pkey_mprotect poll ppoll prctl
pread64 preadv preadv2 prlimit64 pselect6 pwrite64 pwritev pwritev2 read readahead
readlink readlinkat readv recvfrom recvmmsg recvmsg removexattr rename renameat renameat2
restart_syscall rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo
rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo sched_get_priority_max
sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler
sched_rr_get_interval sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield select sendfile sendmmsg sendmsg sendto
set_mempolicy set_robust_list set_tid_address setfsgid setfsuid setgid setgroups
setitimer setpgid setpriority setregid setresgid setresuid setreuid setrlimit setsid
setuid setxattr shutdown sigaltstack socketpair splice stat
statfs statx symlink symlinkat sync_file_range sysinfo tee tgkill time
timer_create timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create
timerfd_gettime timerfd_settime times tkill truncate umask uname unlink unlinkat
utime utimensat utimes vfork wait4 waitid write writev
""".split()

# What fcntl may do: duplicate, flags, owners and signals, sizes of pipes. No lease: whoever else
# opens such a file, a library or an image that all kernels share, would have to wait for 45 seconds.
FCNTL = (*range(6), *range(8, 17), 36, 1030, 1031, 1032)
# Locks are said to be taken. Real ones would cost memory that nobody counts, as many as one asks for,
# and through a file that all kernels share, two submissions could signal each other.
LOCKS = (6, 7, 37, 38)
_NEW_NAMESPACES = 0x7E020000
# What the kernel looks at of an argument that is an int.
_32_BITS = 0xFFFFFFFF
# The network of a sandbox is its own loopback, where ipykernel collects its workers' output.
_NETLINK_ROUTE = 0
# Levels of setsockopt: IP, TCP, UDP, IPv6, netlink; those of SOL_SOCKET are listed one by one.
LEVELS = (0, 6, 17, 41, 270)
# Those that change the size of a buffer, whose memory is counted as `SOCKET_BYTES` whatever is in it:
# they are said to have worked, as Linux itself gives less than was asked for.
_SIZES = (socket.SO_SNDBUF, socket.SO_RCVBUF, 32, 33)
_LAST_OPTION = 90
# Machines whose clone(2) takes the flags first and on which this list has been checked.
MACHINES = ("x86_64", "aarch64")


def build():
    """The filter; its `load()` is permanent and applies to all children, too.

    Raises
    ------
    ImportError, RuntimeError
        If pyseccomp or libseccomp is missing.
    """
    import pyseccomp

    refuse = pyseccomp.ERRNO(errno.ENOSYS)
    rules = pyseccomp.SyscallFilter(refuse)
    # Search the list as a tree, not from front to back; older libraries can only do the latter.
    try:
        rules.set_attr(pyseccomp.Attr.CTL_OPTIMIZE, 2)
    except OSError:
        pass
    for name in ALLOWED:
        number = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name)
        # Negative: this machine or this version of libseccomp does not have the call.
        if number >= 0:
            rules.add_rule(pyseccomp.ALLOW, number)
    rules.add_rule(
        pyseccomp.ALLOW, "clone",
        pyseccomp.Arg(0, pyseccomp.MASKED_EQ, _NEW_NAMESPACES, 0),
    )  # fmt: skip
    for command in (*FCNTL, *LOCKS):
        action = pyseccomp.ERRNO(0) if command in LOCKS else pyseccomp.ALLOW
        arg = pyseccomp.Arg(1, pyseccomp.MASKED_EQ, _32_BITS, command)
        rules.add_rule(action, "fcntl", arg)
    rules.add_rule(pyseccomp.ERRNO(0), "flock")
    for level in LEVELS:
        arg = pyseccomp.Arg(1, pyseccomp.MASKED_EQ, _32_BITS, level)
        rules.add_rule(pyseccomp.ALLOW, "setsockopt", arg)
    for option in range(1, _LAST_OPTION):
        rules.add_rule(
            pyseccomp.ERRNO(0) if option in _SIZES else pyseccomp.ALLOW, "setsockopt",
            pyseccomp.Arg(1, pyseccomp.MASKED_EQ, _32_BITS, socket.SOL_SOCKET),
            pyseccomp.Arg(2, pyseccomp.MASKED_EQ, _32_BITS, option),
        )  # fmt: skip
    for family in (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6):
        rules.add_rule(pyseccomp.ALLOW, "socket", pyseccomp.Arg(0, pyseccomp.EQ, family))
    # The C library lists network devices this way, and ZeroMQ insists on a list.
    rules.add_rule(
        pyseccomp.ALLOW, "socket",
        pyseccomp.Arg(0, pyseccomp.EQ, socket.AF_NETLINK),
        pyseccomp.Arg(2, pyseccomp.EQ, _NETLINK_ROUTE),
    )  # fmt: skip
    return rules
