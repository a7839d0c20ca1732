// Holds many tunnels from one process: an SSH client of another family (libssh) than both relays, light enough that
// thousands of them fit beside the relay on one machine.
//
//   hold keys DIR COUNT                         makes DIR/0 … COUNT-1 (Ed25519, private) and DIR/N.pub
//   hold tunnels HOST PORT USER DIR COUNT FIRST THREADS
//        connects them all, each asking for listening port FIRST + N, prints "up SECONDS LOST", holds them until end of
//        standard input, then prints "held ALIVE" and ends.
#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static const char *host, *user, *directory;
static int port, count, first, threads;
static atomic_int next_tunnel, lost, ready_threads;
static atomic_bool ending;
static ssh_session *sessions;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void fail(const char *what) {
    fprintf(stderr, "hold: %s\n", what);
    exit(1);
}

/// One tunnel, connected and granted; NULL if that did not go.
static ssh_session tunnel(int index) {
    char path[512];
    int bound = 0, off = 0, verbosity = SSH_LOG_NOLOG;
    long limit = 60;
    ssh_key key = NULL;
    ssh_session session = ssh_new();
    if (!session) fail("out of memory");
    ssh_options_set(session, SSH_OPTIONS_PROCESS_CONFIG, &off);
    ssh_options_set(session, SSH_OPTIONS_LOG_VERBOSITY, &verbosity);
    ssh_options_set(session, SSH_OPTIONS_HOST, host);
    ssh_options_set(session, SSH_OPTIONS_PORT, &port);
    ssh_options_set(session, SSH_OPTIONS_USER, user);
    ssh_options_set(session, SSH_OPTIONS_TIMEOUT, &limit);
    ssh_options_set(session, SSH_OPTIONS_KEY_EXCHANGE, "curve25519-sha256");
    snprintf(path, sizeof path, "%s/%d", directory, index);
    if (ssh_pki_import_privkey_file(path, NULL, NULL, NULL, &key) != SSH_OK) fail(path);
    int up = ssh_connect(session) == SSH_OK && ssh_userauth_publickey(session, NULL, key) == SSH_AUTH_SUCCESS
        && ssh_channel_listen_forward(session, "localhost", first + index, &bound) == SSH_OK;
    ssh_key_free(key);
    if (up) {
        ssh_set_blocking(session, 0);
        return session;
    }
    fprintf(stderr, "hold: tunnel %d: %s\n", index, ssh_get_error(session));
    ssh_free(session);
    return NULL;
}

/// Connects tunnels until none is left, then answers what the relay asks on its own share of them.
static void *work(void *argument) {
    int number = (int)(long)argument, index;
    while ((index = atomic_fetch_add(&next_tunnel, 1)) < count) {
        for (int attempt = 0; attempt < 5 && !sessions[index]; attempt++) sessions[index] = tunnel(index);
        if (!sessions[index]) atomic_fetch_add(&lost, 1);
    }
    atomic_fetch_add(&ready_threads, 1);
    while (atomic_load(&ready_threads) < threads) usleep(1000);

    struct pollfd *polls = calloc((size_t)(count / threads + 1), sizeof *polls);
    int *indices = calloc((size_t)(count / threads + 1), sizeof *indices);
    if (!polls || !indices) fail("out of memory");
    while (!atomic_load(&ending)) {
        int used = 0;
        for (index = number; index < count; index += threads) {
            if (!sessions[index]) continue;
            polls[used] = (struct pollfd){.fd = ssh_get_fd(sessions[index]), .events = POLLIN};
            indices[used++] = index;
        }
        if (poll(polls, (nfds_t)used, 200) <= 0) continue;
        for (int at = 0; at < used; at++) {
            if (!polls[at].revents) continue;
            ssh_session session = sessions[indices[at]];
            // Reads what is there, and answers keepalives on the way.
            ssh_channel channel = ssh_channel_open_forward_port(session, 0, NULL, NULL, NULL);
            if (channel) ssh_channel_free(channel);
            if (!ssh_is_connected(session)) {
                ssh_free(session);
                sessions[indices[at]] = NULL;
            }
        }
    }
    free(polls);
    free(indices);
    return NULL;
}

static int make_keys(void) {
    char path[512];
    for (int index = 0; index < count; index++) {
        ssh_key key = NULL;
        snprintf(path, sizeof path, "%s/%d", directory, index);
        if (ssh_pki_generate(SSH_KEYTYPE_ED25519, 0, &key) != SSH_OK) fail("no key");
        if (ssh_pki_export_privkey_file(key, NULL, NULL, NULL, path) != SSH_OK) fail(path);
        strcat(path, ".pub");
        if (ssh_pki_export_pubkey_file(key, path) != SSH_OK) fail(path);
        ssh_key_free(key);
    }
    return 0;
}

int main(int arguments, char **argument) {
    if (arguments == 4 && strcmp(argument[1], "keys") == 0) {
        directory = argument[2];
        count = atoi(argument[3]);
        return make_keys();
    }
    if (arguments != 9 || strcmp(argument[1], "tunnels") != 0) fail("see the first lines of hold.c");
    host = argument[2];
    port = atoi(argument[3]);
    user = argument[4];
    directory = argument[5];
    count = atoi(argument[6]);
    first = atoi(argument[7]);
    threads = atoi(argument[8]);
    if (count < 1 || threads < 1) fail("count and threads are 1 or more");

    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    sessions = calloc((size_t)count, sizeof *sessions);
    pthread_t *workers = calloc((size_t)threads, sizeof *workers);
    if (!sessions || !workers) fail("out of memory");
    ssh_init();

    double started = now();
    for (long number = 0; number < threads; number++) pthread_create(&workers[number], NULL, work, (void *)number);
    while (atomic_load(&ready_threads) < threads) usleep(1000);
    printf("up %.3f %d\n", now() - started, atomic_load(&lost));
    fflush(stdout);

    char byte;
    while (read(0, &byte, 1) > 0) {}
    atomic_store(&ending, 1);
    for (int number = 0; number < threads; number++) pthread_join(workers[number], NULL);
    int alive = 0;
    for (int index = 0; index < count; index++) {
        if (sessions[index] && ssh_is_connected(sessions[index])) alive++;
    }
    printf("held %d\n", alive);
    return 0;  // the sockets close with the process: a thousand polite goodbyes would only take time
}
