// The command line that all our small clients have, so that the matrix drives them alike:
//   CLIENT terminal HOST PORT USER KEY LISTENING_PORT TARGET_PORT [NAME=VALUE…]   holds a tunnel until it is ended
//   CLIENT staff    HOST PORT USER KEY TARGET TARGET_PORT [NAME=VALUE…]           joins standard input and output to a direct-tcpip channel
//   CLIENT knows KIND NAME…                           prints those that the library has, of kind kex, cipher or mac
//   CLIENT version
// Names: kex, cipher, mac (each the only one that is offered), rekey (bytes after which the client asks for new keys).
// Refused authentication and every other failure: one line on standard error, status 1.
#pragma once
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct options {
    int is_terminal, port, listening_port, target_port;
    const char *host, *user, *key, *target, *kex, *cipher, *mac;
    unsigned long rekey;
};

static void fail(const char *what, const char *why) {
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

static struct options parse(int count, char **words) {
    struct options options = {0};
    if (count < 8) fail("usage", "terminal|staff HOST PORT USER KEY LISTENING_PORT|TARGET TARGET_PORT [NAME=VALUE…]");
    options.is_terminal = strcmp(words[1], "terminal") == 0;
    options.host = words[2];
    options.port = atoi(words[3]);
    options.user = words[4];
    options.key = words[5];
    options.target = words[6];
    options.listening_port = atoi(words[6]);
    options.target_port = atoi(words[7]);
    for (int at = 8; at < count; at++) {
        char *value = strchr(words[at], '=');
        if (!value) fail("not NAME=VALUE", words[at]);
        *value++ = 0;
        if (strcmp(words[at], "kex") == 0) options.kex = value;
        else if (strcmp(words[at], "cipher") == 0) options.cipher = value;
        else if (strcmp(words[at], "mac") == 0) options.mac = value;
        else if (strcmp(words[at], "rekey") == 0) options.rekey = strtoul(value, NULL, 10);
        else fail("unknown option", words[at]);
    }
    return options;
}

/// A nonblocking connection to a loopback port, or -1.
static int connect_to(const char *host, int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    inet_pton(AF_INET, host, &address.sin_addr);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static void make_nonblocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

/// One direction's bytes that were read on one side and not yet written on the other.
struct pipe {
    char bytes[32768];
    size_t start, end;
    int has_ended;  // nothing more comes in
    int is_closed;  // the other side has been told
};

/// Writes to `fd` what it takes. Returns whether anything moved; a broken reader drops what is left.
static int drain(struct pipe *pipe, int fd) {
    if (pipe->start == pipe->end) return 0;
    ssize_t count = write(fd, pipe->bytes + pipe->start, pipe->end - pipe->start);
    if (count < 0) {
        if (errno == EAGAIN || errno == EINTR) return 0;
        count = (ssize_t)(pipe->end - pipe->start);
        pipe->has_ended = 1;
    }
    pipe->start += (size_t)count;
    if (pipe->start == pipe->end) pipe->start = pipe->end = 0;
    return 1;
}

/// Reads from `fd` into an empty pipe. Returns whether anything happened.
static int fill(struct pipe *pipe, int fd) {
    if (pipe->has_ended || pipe->end != 0) return 0;
    ssize_t count = read(fd, pipe->bytes, sizeof pipe->bytes);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    if (count <= 0) pipe->has_ended = 1;
    else pipe->end = (size_t)count;
    return 1;
}
