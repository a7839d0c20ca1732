// The door to libmicrohttpd and to the GnuTLS below it: imported by HTTPServer only.
#pragma once
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/types.h>

// libmicrohttpd takes its options as variable arguments, which Swift cannot pass.

struct towline_http_options {
    unsigned int flags;
    unsigned int connections;  // more are hung up on
    size_t memory;             // of one connection: its request line and headers, and those of the answer
    void *context;             // first argument of every callback
    MHD_AccessHandlerCallback request;
    MHD_RequestCompletedCallback completed;
    MHD_NotifyConnectionCallback connection;
    const char *certificate, *key, *priorities;  // PEM texts and GnuTLS's priority string; all NULL without TLS
};

// Leaves percent escapes as they are: our own code decodes them once, knowing what it decodes.
static inline size_t towline_http_no_unescape(void *context, struct MHD_Connection *connection, char *text) {
    (void)context, (void)connection;
    size_t length = 0;
    while (text[length] != 0) length++;
    return length;
}

// A daemon without a listener that is driven from outside; NULL if it cannot be had.
static inline struct MHD_Daemon *towline_http_start(const struct towline_http_options *options) {
    struct MHD_OptionItem secure[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)options->certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)options->key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)options->priorities},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem plain[] = {{MHD_OPTION_END, 0, NULL}};
    return MHD_start_daemon(
        options->flags, 0, NULL, NULL, options->request, options->context,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, options->memory,
        MHD_OPTION_CONNECTION_LIMIT, options->connections,
        MHD_OPTION_CONNECTION_TIMEOUT, 0u,
        MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_UNESCAPE_CALLBACK, &towline_http_no_unescape, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, options->completed, options->context,
        MHD_OPTION_NOTIFY_CONNECTION, options->connection, options->context,
        MHD_OPTION_ARRAY, options->certificate != NULL ? secure : plain,
        MHD_OPTION_END);
}

// The descriptor that becomes readable when the daemon has to run.
static inline int towline_http_epoll(struct MHD_Daemon *daemon) {
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    return info != NULL ? info->epoll_fd : -1;
}

// Hands a connected socket over; it is libmicrohttpd's from then on, also where that refuses it.
static inline enum MHD_Result towline_http_add(struct MHD_Daemon *daemon, int socket) {
    struct sockaddr_storage peer = {0};
    socklen_t length = sizeof peer;
    // A peer that is gone already has no address; libmicrohttpd wants one and will find out.
    if (getpeername(socket, (struct sockaddr *)&peer, &length) != 0) {
        peer.ss_family = AF_INET;
        length = sizeof(struct sockaddr_in);
    }
    return MHD_add_connection(daemon, socket, (struct sockaddr *)&peer, length);
}

// Whether a connection has started or else has ended.
static inline bool towline_http_is_start(enum MHD_ConnectionNotificationCode code) { return code == MHD_CONNECTION_NOTIFY_STARTED; }

// What the connection callback left for this socket.
static inline void *towline_http_context(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info != NULL ? info->socket_context : NULL;
}

// Bytes from the first of the request line to the last of the empty line that ends the header.
static inline size_t towline_http_header_size(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return info != NULL ? info->header_size : 0;
}

// Whether bytes of the peer wait to be read: in the kernel, or decrypted.
static inline bool towline_http_has_input(struct MHD_Connection *connection, int socket) {
    int waiting = 0;
    if (ioctl(socket, FIONREAD, &waiting) == 0 && waiting > 0) return true;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    return info != NULL && info->tls_session != NULL && gnutls_record_check_pending((gnutls_session_t)info->tls_session) > 0;
}

// GnuTLS's number for "a key on this curve", a macro.
static inline unsigned int towline_tls_curve_bits(gnutls_ecc_curve_t curve) { return GNUTLS_CURVE_TO_BITS(curve); }

// Frees what GnuTLS exported; its function is a variable.
static inline void towline_tls_free(void *bytes) { gnutls_free(bytes); }
