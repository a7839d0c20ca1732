#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int clinux_accept4(int fd, struct sockaddr *a, socklen_t *n) { return accept4(fd, a, n, SOCK_NONBLOCK | SOCK_CLOEXEC); }
int clinux_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }
int clinux_exchange_names(const char *one, const char *other) { return renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE); }

const char *clinux_error_sentence(int code) { return strerrordesc_np(code); }

int clinux_peer_credentials(int fd, int32_t *pid, uint32_t *uid, uint32_t *gid) {
  struct ucred peer;
  socklen_t length = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0) return -1;
  *pid = peer.pid, *uid = peer.uid, *gid = peer.gid;
  return 0;
}

int clinux_netlink_addresses(void) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
  if (fd < 0) return -1;
  struct sockaddr_nl own = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
  if (bind(fd, (struct sockaddr *)&own, sizeof own) == 0) return fd;
  int kept = errno;
  close(fd);
  errno = kept;
  return -1;
}

int clinux_signalfd(const int *signals, size_t count) {
  sigset_t set;
  sigemptyset(&set);
  for (size_t i = 0; i < count; i++) sigaddset(&set, signals[i]);
  if ((errno = pthread_sigmask(SIG_BLOCK, &set, NULL)) != 0) return -1;
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int clinux_name_thread(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }
int clinux_set_child_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

int clinux_descriptor_limit(uint64_t *soft, uint64_t *hard) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -1;
  *soft = limit.rlim_cur, *hard = limit.rlim_max;
  return 0;
}

int clinux_set_descriptor_limit(uint64_t soft) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -1;
  limit.rlim_cur = soft;
  return setrlimit(RLIMIT_NOFILE, &limit);
}

int clinux_open_pty(int *leader, char *name, size_t capacity) {
  int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return -1;
  if (grantpt(fd) == 0 && unlockpt(fd) == 0 && ptsname_r(fd, name, capacity) == 0) return *leader = fd, 0;
  int kept = errno;
  close(fd);
  errno = kept;
  return -1;
}

int clinux_set_window_size(int fd, uint16_t rows, uint16_t columns) {
  struct winsize size = {.ws_row = rows, .ws_col = columns};
  return ioctl(fd, TIOCSWINSZ, &size);
}

uint32_t clinux_smallest_round_trip(int fd) {
  struct tcp_info info = {0};
  socklen_t length = sizeof info;
  return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 ? info.tcpi_min_rtt : 0;
}

int clinux_unsent_bytes(int fd) {
  int count = 0;
  return ioctl(fd, SIOCOUTQ, &count) < 0 ? -1 : count;
}

int clinux_pidfd_open(int32_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }
int clinux_pidfd_signal(int pidfd, int signal) { return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0); }

int clinux_reap(int pidfd, int32_t pid, int block, int *code, int *signalled) {
  siginfo_t end = {0};
  int options = WEXITED | (block ? 0 : WNOHANG);
  if ((pidfd >= 0 ? waitid((idtype_t)P_PIDFD, (id_t)pidfd, &end, options) : waitid(P_PID, (id_t)pid, &end, options)) < 0) return -1;
  if (end.si_pid == 0) return 0;
  *code = end.si_status, *signalled = end.si_code != CLD_EXITED;
  return 1;
}

union control {
  char room[CMSG_SPACE(CLINUX_MAXIMUM_DESCRIPTORS * sizeof(int))];
  struct cmsghdr aligned;
};

ssize_t clinux_send_descriptors(int fd, const void *bytes, size_t length, const int *descriptors, size_t count) {
  if (count > CLINUX_MAXIMUM_DESCRIPTORS) return errno = EINVAL, -1;
  union control control = {0};
  struct iovec part = {(void *)bytes, length};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  if (count > 0) {
    message.msg_control = control.room, message.msg_controllen = CMSG_SPACE(count * sizeof(int));
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET, head->cmsg_type = SCM_RIGHTS, head->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(head), descriptors, count * sizeof(int));
  }
  return sendmsg(fd, &message, MSG_NOSIGNAL);
}

ssize_t clinux_receive_descriptors(int fd, void *bytes, size_t length, int *descriptors, size_t *count, int *truncated) {
  union control control = {0};
  struct iovec part = {bytes, length};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
  *count = 0;
  ssize_t got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
  if (got < 0) return got;
  *truncated = (message.msg_flags & MSG_CTRUNC) != 0;
  for (struct cmsghdr *head = CMSG_FIRSTHDR(&message); head; head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    size_t came = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    memcpy(descriptors + *count, CMSG_DATA(head), came * sizeof(int));
    *count += came;
  }
  return got;
}

// Between fork and exec: only async-signal-safe calls; credentials by raw system calls, because glibc's take locks.
#define TRY(what, call) do { step = what; if ((call) < 0) goto failed; } while (0)
static _Noreturn void child(const struct clinux_spawn *spec, int report, pid_t parent) {
  int step = CLINUX_SESSION, moved[CLINUX_MAXIMUM_DESCRIPTORS];
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  if (spec->new_session) TRY(CLINUX_SESSION, setsid());
  else if (spec->new_group) TRY(CLINUX_SESSION, setpgid(0, 0));
  // First away from all targets, then onto them: no target can overwrite a source, or the report, that is still needed.
  int above = spec->targets[spec->descriptor_count - 1] + 1;
  int kept = fcntl(report, F_DUPFD_CLOEXEC, above);
  TRY(CLINUX_DESCRIPTORS, kept);
  report = kept;
  for (size_t i = 0; i < spec->descriptor_count; i++)
    TRY(CLINUX_DESCRIPTORS, moved[i] = fcntl(spec->sources[i], F_DUPFD_CLOEXEC, above));
  TRY(CLINUX_DESCRIPTORS, syscall(SYS_close_range, 0, ~0U, CLOSE_RANGE_CLOEXEC));
  for (size_t i = 0; i < spec->descriptor_count; i++) TRY(CLINUX_DESCRIPTORS, dup2(moved[i], spec->targets[i]));
  if (spec->controlling_terminal) TRY(CLINUX_TERMINAL, ioctl(0, TIOCSCTTY, 0));
  if (spec->sets_credentials) {
    TRY(CLINUX_GROUPS, syscall(SYS_setgroups, spec->group_count, spec->groups));
    TRY(CLINUX_GID, syscall(SYS_setresgid, spec->gid, spec->gid, spec->gid));
    TRY(CLINUX_UID, syscall(SYS_setresuid, spec->uid, spec->uid, spec->uid));
  }
  if (spec->directory) TRY(CLINUX_DIRECTORY, chdir(spec->directory));
  if (spec->file_mode_mask >= 0) umask((mode_t)spec->file_mode_mask);
  if (spec->death_signal) {  // after the credentials: changing them clears it
    TRY(CLINUX_DEATH_SIGNAL, prctl(PR_SET_PDEATHSIG, spec->death_signal, 0, 0, 0));
    if (getppid() != parent) _exit(127);
  }
  if (spec->no_new_privileges) TRY(CLINUX_PRIVILEGES, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  TRY(CLINUX_EXEC, execve(spec->executable, spec->arguments, spec->environment));
failed:;
  int failure[2] = {errno, step};
  ssize_t ignored = write(report, failure, sizeof failure);
  (void)ignored;
  _exit(127);
}

int32_t clinux_spawn(const struct clinux_spawn *spec, int *step) {
  int ends[2], failure[2] = {0, 0};
  sigset_t all, kept;
  *step = CLINUX_FORK;
  if (pipe2(ends, O_CLOEXEC) < 0) return -1;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &kept);  // no handler of ours runs in the child
  pid_t parent = getpid(), pid = fork();
  if (pid == 0) child(spec, ends[1], parent);
  failure[0] = errno;
  pthread_sigmask(SIG_SETMASK, &kept, NULL);
  close(ends[1]);
  if (pid > 0) {
    ssize_t got;
    do got = read(ends[0], failure, sizeof failure); while (got < 0 && errno == EINTR);
    if (got == sizeof failure) {
      *step = failure[1];
      while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
      pid = -1;
    }
  }
  close(ends[0]);
  errno = failure[0];
  return pid;
}
