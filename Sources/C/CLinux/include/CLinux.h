// Linux calls that Swift cannot make itself: macros, variadic functions, and fork/exec, which must be async-signal-safe.
// No logic beyond that. Every function returns what the call returns and leaves errno as the call left it.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/types.h>

int clinux_accept4(int fd, struct sockaddr *address, socklen_t *length);  // nonblocking, close-on-exec
int clinux_pipe(int ends[2]);                                             // close-on-exec
int clinux_peer_credentials(int fd, int32_t *pid, uint32_t *uid, uint32_t *gid);
int clinux_netlink_addresses(void);                                       // links, IPv4 and IPv6 addresses come and go
int clinux_signalfd(const int *signals, size_t count);                    // blocks them in this thread as well
int clinux_set_child_subreaper(void);
int clinux_name_thread(const char *name);
int clinux_descriptor_limit(uint64_t *soft, uint64_t *hard);
int clinux_set_descriptor_limit(uint64_t soft);
int clinux_open_pty(int *leader, char *name, size_t capacity);
int clinux_set_window_size(int fd, uint16_t rows, uint16_t columns);
int clinux_unsent_bytes(int fd);
int clinux_exchange_names(const char *one, const char *other);            // both exist; atomic
uint32_t clinux_smallest_round_trip(int fd);                              // microseconds; 0: not known
const char *clinux_error_sentence(int code);  // constant text, or NULL

int clinux_pidfd_open(int32_t pid);
int clinux_pidfd_signal(int pidfd, int signal);
// 1: ended (code = exit status, or signal number with *signalled = 1); 0: still running; -1: errno.
int clinux_reap(int pidfd, int32_t pid, int block, int *code, int *signalled);

// Sends or receives bytes and descriptors by SCM_RIGHTS. Receiving sets *count to those that came, *truncated if some were lost.
#define CLINUX_MAXIMUM_DESCRIPTORS 16
ssize_t clinux_send_descriptors(int fd, const void *bytes, size_t length, const int *descriptors, size_t count);
ssize_t clinux_receive_descriptors(int fd, void *bytes, size_t length, int *descriptors, size_t *count, int *truncated);

enum clinux_step {
  CLINUX_FORK, CLINUX_SESSION, CLINUX_DESCRIPTORS, CLINUX_TERMINAL, CLINUX_GROUPS, CLINUX_GID, CLINUX_UID,
  CLINUX_DIRECTORY, CLINUX_DEATH_SIGNAL, CLINUX_PRIVILEGES, CLINUX_EXEC
};
struct clinux_spawn {
  const char *executable;
  char *const *arguments, *const *environment;  // ended by NULL
  const char *directory;                        // or NULL
  const int *targets, *sources;                 // child descriptor <- ours; at least one; targets ascend
  size_t descriptor_count;
  int sets_credentials;
  uint32_t uid, gid;
  const uint32_t *groups;
  size_t group_count;
  int new_session, new_group, controlling_terminal;  // the terminal is the child's descriptor 0
  int death_signal;                                  // 0: none
  int no_new_privileges;
  int file_mode_mask;                                // -1: ours
};
// Returns the child's pid once it runs the executable; -1 with errno and *step otherwise (the failed child is already reaped).
int32_t clinux_spawn(const struct clinux_spawn *spec, int *step);
