// Ten thousand terminals, and staff, in one thread: an SSH client of its own on libcrypto and epoll, so lean that what is measured beside
// it is the relay. Written from the RFCs, shares nothing with the relay. One algorithm of each kind: curve25519-sha256, ssh-ed25519,
// aes128-gcm@openssh.com. It does not check the host key: it is a load, not a user.
//
//   swarm keys SEED COUNT                              prints COUNT authorized_keys lines; key N is made of SEED and N
//   swarm run HOST PORT SEED TERMINALS FIRST STAFF [USER]     holds TERMINALS tunnels, keys 0…, listening ports FIRST…, and obeys its standard
//        input until it ends. A tunnel that is lost is connected again after a random 50…1000 ms. Each echoes what comes on a channel.
//        They say that they are USER. Key TERMINALS is that of staff, who may reach them all; STAFF is how many of them work at a time during `churn`.
//   wait COUNT SECONDS        answers "up COUNT SECONDS" as soon as that many tunnels are granted, or when the time is over
//   status                    answers "status UP CONNECTS REFUSED": granted now, tunnels granted so far, forwards refused so far
//   churn SECONDS             staff connect, send 64 KiB to a random terminal, want them back, and leave, one in four in the middle;
//                             twenty random tunnels a second are cut. Answers "churn BRIDGES BROKEN CUT": done, done with wrong bytes or
//                             refused though the terminal was there, left in the middle
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define UNDER_WAY 256           // connections that are being made at a time
#define WINDOW (2u << 20)       // bytes we let the relay send on a channel
#define PACKET (32u << 10)      // bytes of one message of data
#define BRIDGED (64u << 10)     // bytes that staff send in a churn
#define CHANNELS 8              // a tunnel; more are refused
#define CUTS_PER_SECOND 20      // tunnels, during a churn

struct bytes {
    unsigned char *at;
    size_t start, size, room;
};

struct channel {
    int is_open, has_ended, is_closed;
    uint32_t peer, window;  // the relay's number; bytes that we may send
    struct bytes waiting;
    size_t received;
};

enum stage { IDLE, CONNECTING, VERSION, KEXINIT, REPLY, NEWKEYS, AUTH, FORWARD, UP };

struct peer {
    int fd, index, is_staff, rekeys, leaves_early;
    enum stage stage;
    double again_at, began;
    uint64_t sealed, opened;  // invocation counters of AES-GCM
    unsigned char iv_out[12], iv_in[12], session[32], point[32];
    int has_keys_out, has_keys_in, has_session;
    EVP_PKEY *secret;
    EVP_CIPHER_CTX *seal, *open;
    unsigned char next_keys[4][32];
    struct bytes in, out, version, ours, theirs;
    struct channel channels[CHANNELS];
    int target;
    uint32_t events;
};

static struct sockaddr_in relay;
static const char *seed, *user = "swarm";
static int terminals, staff, first_port, poller;
static struct peer *peers;
static long up, under_way, connects, refused, bridges, broken, cut;
static double now_, churn_until, next_cut, wait_until, wait_since;
static long wait_for;
static int next_idle;

static void fail(const char *what) {
    fprintf(stderr, "swarm: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static uint32_t chance(uint32_t below) {
    static uint64_t state = 0x9e3779b97f4a7c15;
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (uint32_t)(state >> 33) % below;
}

// MARK: Bytes

static void put(struct bytes *bytes, const void *from, size_t size) {
    if (bytes->start == bytes->size) bytes->start = bytes->size = 0;
    if (bytes->size + size > bytes->room) {
        bytes->room = (bytes->size + size) * 2;
        if (!(bytes->at = realloc(bytes->at, bytes->room))) fail("memory");
    }
    memcpy(bytes->at + bytes->size, from, size);
    bytes->size += size;
}

static void drop(struct bytes *bytes) {
    free(bytes->at);
    *bytes = (struct bytes){0};
}

static void put_byte(struct bytes *bytes, unsigned value) { put(bytes, &(unsigned char){(unsigned char)value}, 1); }
static void put_number(struct bytes *bytes, uint32_t value) { put(bytes, &(uint32_t){htonl(value)}, 4); }
static void put_string(struct bytes *bytes, const void *from, size_t size) { put_number(bytes, (uint32_t)size), put(bytes, from, size); }
static void put_text(struct bytes *bytes, const char *text) { put_string(bytes, text, strlen(text)); }
static uint32_t number_at(const unsigned char *at) { return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]; }

/// A string of a message, or NULL if the message is shorter than it says.
static const unsigned char *take_string(const unsigned char **at, const unsigned char *end, uint32_t *size) {
    if (end - *at < 4 || (*size = number_at(*at)) > end - *at - 4) return NULL;
    const unsigned char *found = *at + 4;
    *at = found + *size;
    return found;
}

// MARK: Keys

static EVP_PKEY *key_of(int index) {
    unsigned char digest[32];
    char text[128];
    int size = snprintf(text, sizeof text, "%s %d", seed, index);
    EVP_Digest(text, (size_t)size, digest, NULL, EVP_sha256(), NULL);
    return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, digest, 32);
}

static void public_blob(EVP_PKEY *key, struct bytes *blob) {
    unsigned char point[32];
    size_t size = 32;
    EVP_PKEY_get_raw_public_key(key, point, &size);
    put_text(blob, "ssh-ed25519"), put_string(blob, point, 32);
}

static void derive(struct peer *peer, const struct bytes *shared, const unsigned char *hash, char letter, unsigned char *to) {
    struct bytes text = {0};
    put(&text, shared->at, shared->size), put(&text, hash, 32), put_byte(&text, (unsigned char)letter), put(&text, peer->session, 32);
    EVP_Digest(text.at, text.size, to, NULL, EVP_sha256(), NULL);
    drop(&text);
}

// MARK: Packets

static void send_packet(struct peer *peer, const struct bytes *payload) {
    static const unsigned char zeros[32];
    unsigned unit = peer->has_keys_out ? 16 : 8, framed = (unsigned)payload->size + 1 + (peer->has_keys_out ? 0 : 4);
    unsigned padding = unit - framed % unit;
    if (padding < 4) padding += unit;
    size_t at = peer->out.size;
    if (peer->out.start == peer->out.size) at = 0;
    uint32_t length = (uint32_t)payload->size + 1 + padding;
    put_number(&peer->out, length), put_byte(&peer->out, padding), put(&peer->out, payload->at, payload->size), put(&peer->out, zeros, padding);
    if (!peer->has_keys_out) return;
    unsigned char iv[12], tag[16], *packet = peer->out.at + at;
    int size;
    memcpy(iv, peer->iv_out, 12);
    uint64_t counter = be64toh(*(uint64_t *)(void *)(peer->iv_out + 4)) + peer->sealed++;
    *(uint64_t *)(void *)(iv + 4) = htobe64(counter);
    EVP_EncryptInit_ex(peer->seal, NULL, NULL, NULL, iv);
    EVP_EncryptUpdate(peer->seal, NULL, &size, packet, 4);
    EVP_EncryptUpdate(peer->seal, packet + 4, &size, packet + 4, (int)length);
    EVP_EncryptFinal_ex(peer->seal, tag, &size);
    EVP_CIPHER_CTX_ctrl(peer->seal, EVP_CTRL_AEAD_GET_TAG, 16, tag);
    put(&peer->out, tag, 16);
}

static void send_and_drop(struct peer *peer, struct bytes *payload) {
    send_packet(peer, payload);
    drop(payload);
}

static void send_numbered(struct peer *peer, unsigned message, uint32_t number) {
    struct bytes text = {0};
    put_byte(&text, message), put_number(&text, number);
    send_and_drop(peer, &text);
}

// MARK: The handshake

static void send_kexinit(struct peer *peer) {
    unsigned char cookie[16];
    static const char *lists[] = {"curve25519-sha256", "ssh-ed25519", "aes128-gcm@openssh.com", "aes128-gcm@openssh.com", "hmac-sha2-256-etm@openssh.com",
        "hmac-sha2-256-etm@openssh.com", "none", "none", "", ""};
    RAND_bytes(cookie, sizeof cookie);
    drop(&peer->ours);
    put_byte(&peer->ours, 20), put(&peer->ours, cookie, 16);
    for (int at = 0; at < 10; at++) put_text(&peer->ours, lists[at]);
    put_byte(&peer->ours, 0), put_number(&peer->ours, 0);
    send_packet(peer, &peer->ours);
}

static void send_kex_value(struct peer *peer) {
    struct bytes text = {0};
    size_t size = 32;
    peer->secret = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    EVP_PKEY_get_raw_public_key(peer->secret, peer->point, &size);
    put_byte(&text, 30), put_string(&text, peer->point, 32);
    send_and_drop(peer, &text);
}

/// KEX_ECDH_REPLY: derives the next keys, sends our NEWKEYS and what may follow it. Returns 0 if the reply makes no sense.
static int take_reply(struct peer *peer, const unsigned char *at, const unsigned char *end) {
    uint32_t host_size, point_size, size;
    const unsigned char *host = take_string(&at, end, &host_size), *point = host ? take_string(&at, end, &point_size) : NULL;
    if (!point || point_size != 32) return 0;
    unsigned char secret[33] = {0}, hash[32];
    size_t secret_size = 32;
    EVP_PKEY *other = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, point, 32);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(peer->secret, NULL);
    EVP_PKEY_derive_init(context), EVP_PKEY_derive_set_peer(context, other), EVP_PKEY_derive(context, secret + 1, &secret_size);
    EVP_PKEY_CTX_free(context), EVP_PKEY_free(other), EVP_PKEY_free(peer->secret);
    peer->secret = NULL;
    // mpint: no leading zeros but one where the first bit is set (RFC 4251 §5).
    unsigned char *start = secret + 1;
    while (start < secret + 33 && *start == 0) start++;
    if (start < secret + 33 && *start & 0x80) start--;
    struct bytes shared = {0}, text = {0};
    put_string(&shared, start, (size_t)(secret + 33 - start));
    put_text(&text, "SSH-2.0-swarm"), put_string(&text, peer->version.at, peer->version.size);
    put_string(&text, peer->ours.at, peer->ours.size), put_string(&text, peer->theirs.at, peer->theirs.size);
    put_string(&text, host, host_size), put_string(&text, peer->point, 32), put_string(&text, point, 32), put(&text, shared.at, shared.size);
    EVP_Digest(text.at, text.size, hash, &size, EVP_sha256(), NULL);
    if (!peer->has_session) memcpy(peer->session, hash, 32), peer->has_session = 1;
    for (int letter = 0; letter < 4; letter++) derive(peer, &shared, hash, (char)('A' + letter), peer->next_keys[letter]);
    drop(&shared), drop(&text), drop(&peer->ours), drop(&peer->theirs);
    put_byte(&text, 21);
    send_and_drop(peer, &text);
    if (!peer->seal) peer->seal = EVP_CIPHER_CTX_new(), peer->open = EVP_CIPHER_CTX_new();
    memcpy(peer->iv_out, peer->next_keys[0], 12);
    EVP_EncryptInit_ex(peer->seal, EVP_aes_128_gcm(), NULL, peer->next_keys[2], NULL);
    peer->sealed = 0, peer->has_keys_out = 1;
    return 1;
}

static void use_incoming_keys(struct peer *peer) {
    memcpy(peer->iv_in, peer->next_keys[1], 12);
    EVP_DecryptInit_ex(peer->open, EVP_aes_128_gcm(), NULL, peer->next_keys[3], NULL);
    peer->opened = 0, peer->has_keys_in = 1;
}

/// Asks for the service and authenticates in one go, as RFC 4252 §5 lets a client that knows what it wants.
static void authenticate(struct peer *peer) {
    struct bytes text = {0}, request = {0}, blob = {0}, signature = {0};
    unsigned char signed_bytes[64];
    size_t size = sizeof signed_bytes;
    EVP_PKEY *key = key_of(peer->is_staff ? terminals : peer->index);
    put_byte(&text, 5), put_text(&text, "ssh-userauth");
    send_and_drop(peer, &text);
    public_blob(key, &blob);
    put_byte(&request, 50), put_text(&request, user), put_text(&request, "ssh-connection"), put_text(&request, "publickey");
    put_byte(&request, 1), put_text(&request, "ssh-ed25519"), put_string(&request, blob.at, blob.size);
    put_string(&text, peer->session, 32), put(&text, request.at, request.size);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_DigestSignInit(context, NULL, NULL, NULL, key), EVP_DigestSign(context, signed_bytes, &size, text.at, text.size);
    EVP_MD_CTX_free(context), EVP_PKEY_free(key);
    put_text(&signature, "ssh-ed25519"), put_string(&signature, signed_bytes, 64);
    put_string(&request, signature.at, signature.size);
    send_packet(peer, &request);
    drop(&text), drop(&request), drop(&blob), drop(&signature);
    peer->stage = AUTH;
}

// MARK: Life of a peer

static void hang_up(struct peer *peer) {
    if (peer->stage == IDLE) return;
    if (peer->stage == UP) up -= !peer->is_staff;
    else under_way--;
    close(peer->fd);
    EVP_CIPHER_CTX_free(peer->seal), EVP_CIPHER_CTX_free(peer->open), EVP_PKEY_free(peer->secret);
    drop(&peer->in), drop(&peer->out), drop(&peer->version), drop(&peer->ours), drop(&peer->theirs);
    for (int at = 0; at < CHANNELS; at++) drop(&peer->channels[at].waiting);
    *peer = (struct peer){.index = peer->index, .is_staff = peer->is_staff, .again_at = now_ + 0.05 + chance(950) / 1000.0};
}

static void begin(struct peer *peer) {
    int one = 1;
    peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (peer->fd < 0) fail("socket");
    setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    peer->stage = CONNECTING, peer->began = now_;
    under_way++;
    if (connect(peer->fd, (struct sockaddr *)&relay, sizeof relay) != 0 && errno != EINPROGRESS) return hang_up(peer);
    peer->events = EPOLLIN | EPOLLOUT;
    struct epoll_event event = {.events = peer->events, .data.ptr = peer};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, peer->fd, &event) != 0) fail("epoll");
    put(&peer->out, "SSH-2.0-swarm\r\n", 15);
    send_kexinit(peer);
}

/// Sends what waits on a channel as far as its window allows, and the end behind it.
static void pump(struct peer *peer, struct channel *channel) {
    while (channel->waiting.size > channel->waiting.start && channel->window > 0 && peer->stage == UP && !peer->rekeys) {
        size_t size = channel->waiting.size - channel->waiting.start;
        if (size > channel->window) size = channel->window;
        if (size > PACKET) size = PACKET;
        struct bytes text = {0};
        put_byte(&text, 94), put_number(&text, channel->peer), put_string(&text, channel->waiting.at + channel->waiting.start, size);
        send_and_drop(peer, &text);
        channel->waiting.start += size, channel->window -= (uint32_t)size;
    }
    if (channel->waiting.size > channel->waiting.start) return;
    drop(&channel->waiting);
    if (channel->has_ended && !channel->is_closed) {
        channel->is_closed = 1;
        send_numbered(peer, 97, channel->peer);
    }
}

static void granted(struct peer *peer) {
    peer->stage = UP;
    under_way--;
    if (!peer->is_staff) {
        up++, connects++;
        return;
    }
    struct bytes text = {0};
    peer->target = (int)chance((uint32_t)terminals);
    put_byte(&text, 90), put_text(&text, "direct-tcpip"), put_number(&text, 0), put_number(&text, WINDOW), put_number(&text, PACKET);
    put_text(&text, "localhost"), put_number(&text, (uint32_t)(first_port + peer->target)), put_text(&text, "127.0.0.1"), put_number(&text, 0);
    send_and_drop(peer, &text);
}

/// What staff sent is what comes back: byte N is N + N/256, so that a lost packet shows.
static unsigned char pattern(size_t at) { return (unsigned char)(at + at / 256); }

static void staff_received(struct peer *peer, struct channel *channel, const unsigned char *from, uint32_t size) {
    for (uint32_t at = 0; at < size; at++) {
        if (from[at] != pattern(channel->received + at)) {
            broken++;
            return hang_up(peer);
        }
    }
    channel->received += size;
    if (peer->leaves_early && channel->received > BRIDGED / 2) cut++, hang_up(peer);
    else if (channel->received == BRIDGED) bridges++, hang_up(peer);
}

static void take_channel_message(struct peer *peer, const unsigned char *payload, const unsigned char *end) {
    if (end - payload < 5) return hang_up(peer);
    uint32_t number = number_at(payload + 1), size;
    const unsigned char *at = payload + 5, *found;
    if (number >= CHANNELS) return hang_up(peer);
    struct channel *channel = &peer->channels[number];
    switch (payload[0]) {
    case 91:  // confirmation of what staff opened
        if (end - at < 12) return hang_up(peer);
        *channel = (struct channel){.is_open = 1, .peer = number_at(at), .window = number_at(at + 4)};
        peer->leaves_early = chance(4) == 0;
        for (size_t byte = 0; byte < BRIDGED; byte++) put_byte(&channel->waiting, pattern(byte));
        return pump(peer, channel);
    case 92:  // refused: right if the terminal has just been cut
        if (peers[peer->target].stage == UP && now_ - peers[peer->target].began > 2) broken++;
        return hang_up(peer);
    case 93:
        if (end - at < 4) return hang_up(peer);
        channel->window += number_at(at);
        return pump(peer, channel);
    case 94:
        if (!(found = take_string(&at, end, &size)) || !channel->is_open) return hang_up(peer);
        struct bytes text = {0};
        put_byte(&text, 93), put_number(&text, channel->peer), put_number(&text, size);
        send_and_drop(peer, &text);
        if (peer->is_staff) return staff_received(peer, channel, found, size);
        put(&channel->waiting, found, size);
        return pump(peer, channel);
    case 96:
        channel->has_ended = 1;
        return pump(peer, channel);
    case 97:
        if (!channel->is_closed) send_numbered(peer, 97, channel->peer);
        drop(&channel->waiting);
        *channel = (struct channel){0};
        if (peer->is_staff) {  // the terminal was cut in the middle
            cut++;
            hang_up(peer);
        }
        return;
    }
}

/// A `forwarded-tcpip` channel: taken while there is room.
static void take_open(struct peer *peer, const unsigned char *at, const unsigned char *end) {
    uint32_t size;
    if (!take_string(&at, end, &size) || end - at < 12) return hang_up(peer);
    struct bytes text = {0};
    for (uint32_t number = 0; number < CHANNELS; number++) {
        struct channel *channel = &peer->channels[number];
        if (channel->is_open) continue;
        *channel = (struct channel){.is_open = 1, .peer = number_at(at), .window = number_at(at + 4)};
        put_byte(&text, 91), put_number(&text, channel->peer), put_number(&text, number), put_number(&text, WINDOW), put_number(&text, PACKET);
        return send_and_drop(peer, &text);
    }
    put_byte(&text, 92), put_number(&text, number_at(at)), put_number(&text, 4), put_text(&text, "full"), put_text(&text, "");
    send_and_drop(peer, &text);
}

static void take_message(struct peer *peer, const unsigned char *payload, const unsigned char *end) {
    struct bytes text = {0};
    const unsigned char *at = payload + 1;
    uint32_t size;
    switch (payload[0]) {
    case 20:
        put(&peer->theirs, payload, (size_t)(end - payload));
        if (peer->stage == UP) peer->rekeys = 1, send_kexinit(peer);
        else peer->stage = REPLY;
        return send_kex_value(peer);
    case 31:
        if (!peer->secret || !take_reply(peer, at, end)) return hang_up(peer);
        if (!peer->rekeys) peer->stage = NEWKEYS;
        return;
    case 21:
        use_incoming_keys(peer);
        if (!peer->rekeys) return authenticate(peer);
        peer->rekeys = 0;
        for (int number = 0; number < CHANNELS; number++) {
            if (peer->channels[number].is_open) pump(peer, &peer->channels[number]);
        }
        return;
    case 52:
        if (peer->is_staff) return granted(peer);
        put_byte(&text, 80), put_text(&text, "tcpip-forward"), put_byte(&text, 1), put_text(&text, "localhost");
        put_number(&text, (uint32_t)(first_port + peer->index));
        peer->stage = FORWARD;
        return send_and_drop(peer, &text);
    case 80:  // keepalive@openssh.com and the like: any answer will do
        if (!take_string(&at, end, &size) || at >= end || !*at) return;
        put_byte(&text, 82);
        return send_and_drop(peer, &text);
    case 81:
        if (peer->stage == FORWARD) granted(peer);
        return;
    case 82:
        refused++;
        return hang_up(peer);
    case 90: return take_open(peer, at, end);
    case 91: case 92: case 93: case 94: case 96: case 97: return take_channel_message(peer, payload, end);
    case 1: case 51: return hang_up(peer);
    }
}

/// Takes one packet from what came in. Returns 0 if it is not all there.
static int take_packet(struct peer *peer) {
    unsigned char *packet = peer->in.at + peer->in.start;
    size_t there = peer->in.size - peer->in.start, tag = peer->has_keys_in ? 16 : 0;
    int size;
    if (there < 4) return 0;
    uint32_t length = number_at(packet);
    if (length < 2 || length > (256u << 10)) return hang_up(peer), 0;
    if (there < 4 + length + tag) return 0;
    if (peer->has_keys_in) {
        unsigned char iv[12];
        memcpy(iv, peer->iv_in, 12);
        *(uint64_t *)(void *)(iv + 4) = htobe64(be64toh(*(uint64_t *)(void *)(peer->iv_in + 4)) + peer->opened++);
        EVP_DecryptInit_ex(peer->open, NULL, NULL, NULL, iv);
        EVP_CIPHER_CTX_ctrl(peer->open, EVP_CTRL_AEAD_SET_TAG, 16, packet + 4 + length);
        EVP_DecryptUpdate(peer->open, NULL, &size, packet, 4);
        EVP_DecryptUpdate(peer->open, packet + 4, &size, packet + 4, (int)length);
        if (EVP_DecryptFinal_ex(peer->open, packet + 4 + length, &size) != 1) return hang_up(peer), 0;
    }
    if (packet[4] + 2u > length) return hang_up(peer), 0;
    peer->in.start += 4 + length + tag;
    take_message(peer, packet + 5, packet + 4 + length - packet[4]);
    return peer->stage != IDLE;
}

static void flush(struct peer *peer) {
    while (peer->out.size > peer->out.start) {
        ssize_t count = send(peer->fd, peer->out.at + peer->out.start, peer->out.size - peer->out.start, MSG_NOSIGNAL);
        if (count < 0 && errno != EAGAIN) return hang_up(peer);
        if (count < 0) break;
        peer->out.start += (size_t)count;
    }
    if (peer->out.start == peer->out.size) drop(&peer->out);
    uint32_t events = EPOLLIN | (peer->out.size ? EPOLLOUT : 0u);
    if (events == peer->events) return;
    peer->events = events;
    epoll_ctl(poller, EPOLL_CTL_MOD, peer->fd, &(struct epoll_event){.events = events, .data.ptr = peer});
}

static void ready(struct peer *peer, uint32_t events) {
    static unsigned char buffer[256 << 10];
    if (peer->stage == IDLE) return;
    if (peer->stage == CONNECTING && events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) {
        int error = 0;
        socklen_t size = sizeof error;
        getsockopt(peer->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error) return hang_up(peer);
        peer->stage = VERSION;
    }
    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) {
        ssize_t count = recv(peer->fd, buffer, sizeof buffer, 0);
        if (count == 0 || (count < 0 && errno != EAGAIN)) return hang_up(peer);
        if (count > 0) put(&peer->in, buffer, (size_t)count);
        if (peer->stage == VERSION) {
            unsigned char *line = peer->in.at, *end = peer->in.size ? memchr(line, '\n', peer->in.size) : NULL;
            if (end) {
                put(&peer->version, line, (size_t)(end - line) - (end > line && end[-1] == '\r'));
                peer->in.start = (size_t)(end + 1 - line);
                peer->stage = KEXINIT;
            }
        }
        while (peer->stage > VERSION && take_packet(peer)) {}
        if (peer->stage == IDLE) return;
        if (peer->in.start == peer->in.size) drop(&peer->in);
    }
    flush(peer);
}

// MARK: The swarm

static void obey(void) {
    static char line[256];
    static size_t size;
    double seconds;
    ssize_t count = read(0, line + size, sizeof line - 1 - size);
    if (count == 0) exit(0);
    if (count < 0) return;
    line[size += (size_t)count] = 0;
    if (!strchr(line, '\n')) return;
    size = 0;
    if (sscanf(line, "wait %ld %lf", &wait_for, &seconds) == 2) wait_since = now_, wait_until = now_ + seconds;
    else if (strncmp(line, "status", 6) == 0) printf("status %ld %ld %ld\n", up, connects, refused);
    else if (sscanf(line, "churn %lf", &seconds) == 1) churn_until = now_ + seconds, next_cut = now_, bridges = broken = cut = 0;
    else fprintf(stderr, "swarm: not understood: %s", line);
    fflush(stdout);
}

/// Begins what is due, in turn, so that none waits for ever.
static void begin_due(void) {
    int all = terminals + (churn_until > 0 ? staff : 0);
    for (int looked = 0; looked < all && under_way < UNDER_WAY; looked++) {
        struct peer *peer = &peers[next_idle = (next_idle + 1) % all];
        if (peer->stage == IDLE && peer->again_at <= now_) begin(peer);
    }
}

static void tick(void) {
    static double next_look;
    if (wait_until > 0 && (up >= wait_for || now_ >= wait_until)) {
        printf("up %ld %.3f\n", up, now_ - wait_since);
        fflush(stdout);
        wait_until = 0;
    }
    if (churn_until > 0) {
        for (; next_cut <= now_; next_cut += 1.0 / CUTS_PER_SECOND) {
            struct peer *peer = &peers[chance((uint32_t)terminals)];
            if (peer->stage == UP) hang_up(peer);
        }
        if (now_ >= churn_until) {
            churn_until = 0;
            for (int at = terminals; at < terminals + staff; at++) hang_up(&peers[at]);
            printf("churn %ld %ld %ld\n", bridges, broken, cut);
            fflush(stdout);
        }
    }
    if (now_ < next_look) return;
    next_look = now_ + 0.02;
    begin_due();
    // A relay that was stopped answers nothing: what has not come up in a minute begins again.
    for (int at = 0; at < terminals + staff && under_way > 0; at++) {
        struct peer *peer = &peers[at];
        if (peer->stage != IDLE && peer->stage != UP && now_ - peer->began > 60) hang_up(peer);
    }
}

static void run(void) {
    struct epoll_event events[512];
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if ((long)limit.rlim_cur < terminals + staff + 16) fail("too few descriptors (ulimit -n)");
    peers = calloc((size_t)(terminals + staff), sizeof *peers);
    poller = epoll_create1(EPOLL_CLOEXEC);
    if (!peers || poller < 0) fail("start");
    for (int at = 0; at < terminals + staff; at++) peers[at] = (struct peer){.index = at, .is_staff = at >= terminals};
    fcntl(0, F_SETFL, fcntl(0, F_GETFL) | O_NONBLOCK);
    epoll_ctl(poller, EPOLL_CTL_ADD, 0, &(struct epoll_event){.events = EPOLLIN, .data.ptr = NULL});
    for (;;) {
        int count = epoll_wait(poller, events, 512, 20);
        now_ = now();
        for (int at = 0; at < count; at++) {
            if (events[at].data.ptr) ready(events[at].data.ptr, events[at].events);
            else obey();
        }
        tick();
    }
}

int main(int count, char **words) {
    if (count == 4 && strcmp(words[1], "keys") == 0) {
        seed = words[2];
        for (int index = 0; index < atoi(words[3]); index++) {
            struct bytes blob = {0};
            char text[128];
            EVP_PKEY *key = key_of(index);
            public_blob(key, &blob);
            EVP_EncodeBlock((unsigned char *)text, blob.at, (int)blob.size);
            printf("ssh-ed25519 %s swarm-%d\n", text, index);
            EVP_PKEY_free(key), drop(&blob);
        }
        return 0;
    }
    if (count < 8 || count > 9 || strcmp(words[1], "run") != 0) return fprintf(stderr, "swarm: see the first lines of swarm.c\n"), 2;
    relay = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(words[3]))};
    if (inet_pton(AF_INET, words[2], &relay.sin_addr) != 1) return fprintf(stderr, "swarm: %s is no IPv4 address\n", words[2]), 2;
    seed = words[4], terminals = atoi(words[5]), first_port = atoi(words[6]), staff = atoi(words[7]);
    if (count == 9) user = words[8];
    if (terminals < 1 || staff < 0) return fprintf(stderr, "swarm: at least one terminal\n"), 2;
    run();
}
