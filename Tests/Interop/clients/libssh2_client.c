// A terminal, or staff, on libssh2. Its command line: options.h. libssh2 cannot ask for new keys by itself: `rekey` is refused.
#include "options.h"
#include <libssh2.h>

#define CHANNELS 16

struct bridge {
    LIBSSH2_CHANNEL *channel;
    int in, out;  // the local side: one socket twice, or standard input and output
    struct pipe up, down;
};

static LIBSSH2_SESSION *session;
static struct bridge bridges[CHANNELS];

static void fail_session(const char *what) {
    char *why = "no reason given";
    libssh2_session_last_error(session, &why, NULL, 0);
    fail(what, why);
}

static void prefer(int method, const char *name, const char *what) {
    if (name && libssh2_session_method_pref(session, method, name) != 0) fail_session(what);
}

static void open_session(const struct options *options, int fd) {
    char public_key[512];
    session = libssh2_session_init();
    if (options->rekey) fail("rekey", "libssh2 never asks for new keys");
    prefer(LIBSSH2_METHOD_KEX, options->kex, "kex");
    prefer(LIBSSH2_METHOD_CRYPT_CS, options->cipher, "cipher");
    prefer(LIBSSH2_METHOD_CRYPT_SC, options->cipher, "cipher");
    prefer(LIBSSH2_METHOD_MAC_CS, options->mac, "mac");
    prefer(LIBSSH2_METHOD_MAC_SC, options->mac, "mac");
    if (libssh2_session_handshake(session, fd) != 0) fail_session("handshake");
    snprintf(public_key, sizeof public_key, "%s.pub", options->key);
    if (libssh2_userauth_publickey_fromfile(session, options->user, public_key, options->key, "") != 0) fail_session("authentication");
}

/// Moves bytes of one bridge. Returns whether anything moved.
static int move(struct bridge *bridge) {
    int moved = fill(&bridge->up, bridge->in);
    if (bridge->up.end > bridge->up.start) {
        ssize_t count = libssh2_channel_write(bridge->channel, bridge->up.bytes + bridge->up.start, bridge->up.end - bridge->up.start);
        if (count < 0 && count != LIBSSH2_ERROR_EAGAIN) fail_session("write");
        if (count > 0) {
            bridge->up.start += (size_t)count;
            if (bridge->up.start == bridge->up.end) bridge->up.start = bridge->up.end = 0;
            moved = 1;
        }
    } else if (bridge->up.has_ended && !bridge->up.is_closed) {
        if (libssh2_channel_send_eof(bridge->channel) != LIBSSH2_ERROR_EAGAIN) bridge->up.is_closed = moved = 1;
    }
    if (bridge->down.end == 0 && !bridge->down.has_ended) {
        ssize_t count = libssh2_channel_read(bridge->channel, bridge->down.bytes, sizeof bridge->down.bytes);
        if (count > 0) {
            bridge->down.end = (size_t)count;
            moved = 1;
        } else if (count != LIBSSH2_ERROR_EAGAIN && (count < 0 || libssh2_channel_eof(bridge->channel))) {
            bridge->down.has_ended = moved = 1;
        }
    }
    moved |= drain(&bridge->down, bridge->out);
    if (bridge->down.has_ended && bridge->down.end == 0 && !bridge->down.is_closed) {
        if (bridge->in == bridge->out) shutdown(bridge->out, SHUT_WR);
        else close(bridge->out);
        bridge->down.is_closed = moved = 1;
    }
    return moved;
}

static void accept_bridge(LIBSSH2_LISTENER *listener, int target_port) {
    LIBSSH2_CHANNEL *channel = libssh2_channel_forward_accept(listener);
    if (!channel) {
        if (libssh2_session_last_errno(session) != LIBSSH2_ERROR_EAGAIN) fail_session("session");
        return;
    }
    for (int at = 0; at < CHANNELS; at++) {
        if (bridges[at].channel) continue;
        int fd = connect_to("127.0.0.1", target_port);
        if (fd < 0) break;
        make_nonblocking(fd);
        bridges[at] = (struct bridge){.channel = channel, .in = fd, .out = fd};
        return;
    }
    libssh2_channel_free(channel);
}

/// Whether the library lists `name` among its own.
static int knows(const char *kind, const char *name) {
    int method = strcmp(kind, "kex") == 0 ? LIBSSH2_METHOD_KEX : strcmp(kind, "mac") == 0 ? LIBSSH2_METHOD_MAC_CS : LIBSSH2_METHOD_CRYPT_CS;
    const char **names = NULL;
    int number = libssh2_session_supported_algs(libssh2_session_init(), method, &names);
    for (int at = 0; at < number; at++) {
        if (strcmp(names[at], name) == 0) return 1;
    }
    return 0;
}

int main(int count, char **words) {
    libssh2_init(0);
    if (count > 2 && strcmp(words[1], "knows") == 0) {
        for (int at = 3; at < count; at++) {
            if (knows(words[2], words[at])) puts(words[at]);
        }
        return 0;
    }
    if (count == 2 && strcmp(words[1], "version") == 0) return printf("libssh2 %s\n", libssh2_version(0)) < 0;
    struct options options = parse(count, words);
    LIBSSH2_LISTENER *listener = NULL;
    int bound = 0, fd = connect_to(options.host, options.port);
    if (fd < 0) fail("connect", strerror(errno));
    open_session(&options, fd);
    if (options.is_terminal) {
        listener = libssh2_channel_forward_listen_ex(session, "localhost", options.listening_port, &bound, CHANNELS);
        if (!listener) fail_session("tcpip-forward");
    } else {
        LIBSSH2_CHANNEL *channel = libssh2_channel_direct_tcpip_ex(session, options.target, options.target_port, "127.0.0.1", 0);
        if (!channel) fail_session("direct-tcpip");
        make_nonblocking(0);
        bridges[0] = (struct bridge){.channel = channel, .in = 0, .out = 1};
    }
    libssh2_session_set_blocking(session, 0);
    for (;;) {
        struct pollfd polls[CHANNELS + 1] = {{.fd = fd, .events = POLLIN}};
        int used = 1, moved = 0;
        if (listener) accept_bridge(listener, options.target_port);
        for (int at = 0; at < CHANNELS; at++) {
            struct bridge *bridge = &bridges[at];
            if (!bridge->channel) continue;
            moved |= move(bridge);
            if (bridge->down.is_closed && (bridge->up.is_closed || libssh2_channel_eof(bridge->channel))) {
                if (!options.is_terminal) return 0;
                libssh2_session_set_blocking(session, 1);
                libssh2_channel_free(bridge->channel);
                libssh2_session_set_blocking(session, 0);
                close(bridge->in);
                bridge->channel = NULL;
                continue;
            }
            if (!bridge->up.has_ended && bridge->up.end == 0) polls[used++] = (struct pollfd){.fd = bridge->in, .events = POLLIN};
        }
        if (libssh2_session_block_directions(session) & LIBSSH2_SESSION_BLOCK_OUTBOUND) polls[0].events |= POLLOUT;
        if (!moved) poll(polls, (nfds_t)used, 20);
    }
}
