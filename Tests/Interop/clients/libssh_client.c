// A terminal, or staff, on libssh. Its command line: options.h.
#include "options.h"
#include <libssh/callbacks.h>
#include <libssh/libssh.h>

#define CHANNELS 16

struct bridge {
    ssh_channel channel;
    int in, out;  // the local side: one socket twice, or standard input and output
    struct pipe up, down;
};

static ssh_session session;
static struct bridge bridges[CHANNELS];

static void check(int status, const char *what) {
    if (status != SSH_OK) fail(what, ssh_get_error(session));
}

static void log_line(int priority, const char *function, const char *line, void *unused) {
    (void)priority, (void)function, (void)unused;
    fprintf(stderr, "%s\n", line);
}

static void open_session(const struct options *options) {
    int off = 0, verbosity = SSH_LOG_PACKET;
    ssh_key key = NULL;
    session = ssh_new();
    if (options->rekey) {  // what the library logs tells how often it asked for new keys
        ssh_set_log_callback(log_line);
        ssh_options_set(session, SSH_OPTIONS_LOG_VERBOSITY, &verbosity);
        uint64_t bytes = options->rekey;
        ssh_options_set(session, SSH_OPTIONS_REKEY_DATA, &bytes);
    }
    ssh_options_set(session, SSH_OPTIONS_PROCESS_CONFIG, &off);
    ssh_options_set(session, SSH_OPTIONS_HOST, options->host);
    ssh_options_set(session, SSH_OPTIONS_PORT, &options->port);
    ssh_options_set(session, SSH_OPTIONS_USER, options->user);
    if (options->kex) check(ssh_options_set(session, SSH_OPTIONS_KEY_EXCHANGE, options->kex), "kex");
    if (options->cipher) {
        check(ssh_options_set(session, SSH_OPTIONS_CIPHERS_C_S, options->cipher), "cipher");
        check(ssh_options_set(session, SSH_OPTIONS_CIPHERS_S_C, options->cipher), "cipher");
    }
    if (options->mac) {
        check(ssh_options_set(session, SSH_OPTIONS_HMAC_C_S, options->mac), "mac");
        check(ssh_options_set(session, SSH_OPTIONS_HMAC_S_C, options->mac), "mac");
    }
    check(ssh_connect(session), "connect");
    check(ssh_pki_import_privkey_file(options->key, NULL, NULL, NULL, &key), options->key);
    if (ssh_userauth_publickey(session, NULL, key) != SSH_AUTH_SUCCESS) fail("authentication", ssh_get_error(session));
    ssh_key_free(key);
}

/// Moves bytes of one bridge. Returns whether anything moved.
static int move(struct bridge *bridge) {
    int moved = 0, count;
    moved |= fill(&bridge->up, bridge->in);
    // Blocks for window only where bytes wait; meanwhile the library takes in what comes.
    if (bridge->up.end > bridge->up.start) {
        uint32_t window = ssh_channel_window_size(bridge->channel);
        size_t size = bridge->up.end - bridge->up.start;
        if (size > window) size = window;
        if (size > 0) {
            count = ssh_channel_write(bridge->channel, bridge->up.bytes + bridge->up.start, (uint32_t)size);
            if (count < 0) fail("write", ssh_get_error(session));
            bridge->up.start += (size_t)count;
            if (bridge->up.start == bridge->up.end) bridge->up.start = bridge->up.end = 0;
            moved = 1;
        }
    } else if (bridge->up.has_ended && !bridge->up.is_closed) {
        ssh_channel_send_eof(bridge->channel);
        bridge->up.is_closed = moved = 1;
    }
    if (bridge->down.end == 0 && !bridge->down.has_ended) {
        count = ssh_channel_read_nonblocking(bridge->channel, bridge->down.bytes, sizeof bridge->down.bytes, 0);
        if (count > 0) {
            bridge->down.end = (size_t)count;
            moved = 1;
        } else if (count == SSH_EOF || count == SSH_ERROR || ssh_channel_is_eof(bridge->channel)) {
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

/// A bridge is over when both directions are, or when the other end has closed the channel.
static int is_over(struct bridge *bridge) {
    return (bridge->up.is_closed && bridge->down.is_closed) || (ssh_channel_is_closed(bridge->channel) && bridge->down.is_closed);
}

static void accept_bridge(int target_port) {
    ssh_channel channel = ssh_channel_open_forward_port(session, 0, NULL, NULL, NULL);
    if (!channel) return;
    for (int at = 0; at < CHANNELS; at++) {
        if (bridges[at].channel) continue;
        int fd = connect_to("127.0.0.1", target_port);
        if (fd < 0) break;
        make_nonblocking(fd);
        bridges[at] = (struct bridge){.channel = channel, .in = fd, .out = fd};
        return;
    }
    ssh_channel_free(channel);
}

/// Whether the library takes `name`: it refuses a list of which it has nothing.
static int knows(const char *kind, const char *name) {
    enum ssh_options_e option = strcmp(kind, "kex") == 0 ? SSH_OPTIONS_KEY_EXCHANGE
        : strcmp(kind, "mac") == 0                       ? SSH_OPTIONS_HMAC_C_S
                                                         : SSH_OPTIONS_CIPHERS_C_S;
    return ssh_options_set(ssh_new(), option, name) == SSH_OK;
}

int main(int count, char **words) {
    if (count > 2 && strcmp(words[1], "knows") == 0) {
        for (int at = 3; at < count; at++) {
            if (knows(words[2], words[at])) puts(words[at]);
        }
        return 0;
    }
    if (count == 2 && strcmp(words[1], "version") == 0) return printf("libssh %s\n", ssh_version(0)) < 0;
    struct options options = parse(count, words);
    open_session(&options);
    if (options.is_terminal) {
        int bound = 0;
        check(ssh_channel_listen_forward(session, "localhost", options.listening_port, &bound), "tcpip-forward");
    } else {
        ssh_channel channel = ssh_channel_new(session);
        check(ssh_channel_open_forward(channel, options.target, options.target_port, "127.0.0.1", 0), "direct-tcpip");
        make_nonblocking(0);
        bridges[0] = (struct bridge){.channel = channel, .in = 0, .out = 1};
    }
    for (;;) {
        struct pollfd polls[CHANNELS + 1] = {{.fd = ssh_get_fd(session), .events = POLLIN}};
        int used = 1, moved = 0;
        if (options.is_terminal) accept_bridge(options.target_port);
        if (!ssh_is_connected(session)) fail("session", "the relay closed it");
        for (int at = 0; at < CHANNELS; at++) {
            struct bridge *bridge = &bridges[at];
            if (!bridge->channel) continue;
            moved |= move(bridge);
            if (is_over(bridge)) {
                if (!options.is_terminal) {
                    ssh_disconnect(session);
                    return 0;
                }
                close(bridge->in);
                ssh_channel_free(bridge->channel);
                bridge->channel = NULL;
                continue;
            }
            if (!bridge->up.has_ended && bridge->up.end == 0) polls[used++] = (struct pollfd){.fd = bridge->in, .events = POLLIN};
        }
        if (!moved) poll(polls, (nfds_t)used, 20);
    }
}
