// A network of the wished badness between two network namespaces: what `tc netem` does, for kernels that were built without it, and
// the same on every machine and in every run.
//
//   link NAMESPACE ADDRESS NAMESPACE ADDRESS      as root; addresses as 10.9.0.1/24, each optionally followed by ,IPv6/LENGTH
//
// Makes a TUN device `wire` in each namespace (`-`: the one it was started in), prints "ready", and carries packets between them
// until its standard input ends. A line of its input changes the line, in both directions unless it begins with `to-first` or `to-second`:
//   delay MILLISECONDS JITTER     each packet waits that long, ± at most the jitter; packets keep their order but for `reorder`
//   loss PER_MILLE                thrown away by chance
//   reorder PER_MILLE             sent at once, before those that wait
//   rate BITS_PER_SECOND BYTES    sent one after the other at that rate; BYTES is the queue of the bottleneck, more is dropped (0 0: no limit)
//   down | up                     nothing passes, and nobody is told
//   no-ipv6                       IPv6 does not pass, and nobody is told
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define PACKET 2048    // bytes; the devices' MTU is 1500
#define QUEUE 4096     // packets a direction that may be under way; more are dropped

struct packet {
    double due;  // seconds, monotonic
    int size;
    unsigned char bytes[PACKET];
};

/// One direction. `free_at` is when the bottleneck has sent what it has taken; `last_due` keeps the order.
struct direction {
    double delay, jitter, free_at, last_due;
    long loss, reorder, rate, room;
    int down, no_ipv6, count;
    struct packet *queue[QUEUE];
};

static struct direction directions[2];  // 0: to the second end, 1: to the first
static uint64_t chance = 0x9e3779b97f4a7c15;

static void fail(const char *what) {
    fprintf(stderr, "link: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/// 0 … 999, the same sequence in every run (xorshift64).
static long roll(void) {
    chance ^= chance << 13;
    chance ^= chance >> 7;
    chance ^= chance << 17;
    return (long)(chance % 1000);
}

static int device(const char *namespace, const char *address) {
    char command[512], path[256];
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    snprintf(path, sizeof path, strcmp(namespace, "-") == 0 ? "/proc/self/ns/net" : "/run/netns/%s", namespace);
    int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), there = open(path, O_RDONLY | O_CLOEXEC);
    if (there < 0 || setns(there, CLONE_NEWNET) != 0) fail(path);
    int tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    strcpy(request.ifr_name, "wire");
    if (tun < 0 || ioctl(tun, TUNSETIFF, &request) != 0) fail("/dev/net/tun");
    char copy[128], *six;
    snprintf(copy, sizeof copy, "%s", address);
    if ((six = strchr(copy, ','))) *six++ = 0;
    snprintf(command, sizeof command, "ip addr add %s dev wire && ip link set wire mtu 1500 up && ip link set lo up", copy);
    if (system(command) != 0) fail(command);
    if (six) {
        snprintf(command, sizeof command, "ip -6 addr add %s dev wire nodad", six);
        if (system(command) != 0) fail(command);
    }
    if (setns(home, CLONE_NEWNET) != 0) fail("own namespace");
    close(home);
    close(there);
    return tun;
}

/// Takes one packet from a device into the direction's queue, ordered by when it is due, or drops it.
static int take(struct direction *line, int from) {
    unsigned char bytes[PACKET];
    ssize_t size = read(from, bytes, sizeof bytes);
    if (size <= 0) return 0;
    if (line->down || (line->no_ipv6 && bytes[0] >> 4 == 6) || line->count == QUEUE || roll() < line->loss) return 1;
    double time = now(), sent = time;
    if (line->rate) {
        double start = line->free_at > time ? line->free_at : time;
        if ((start - time) * (double)line->rate / 8 + (double)size > (double)line->room) return 1;
        sent = line->free_at = start + (double)size * 8 / (double)line->rate;
    }
    double due = sent + line->delay + line->jitter * ((double)roll() - 500) / 500;
    if (roll() < line->reorder) due = sent;
    else if (due < line->last_due) due = line->last_due;
    else line->last_due = due;
    struct packet *packet = malloc(sizeof *packet);
    if (!packet) fail("memory");
    packet->due = due;
    packet->size = (int)size;
    memcpy(packet->bytes, bytes, (size_t)size);
    int at = line->count++;
    for (; at > 0 && line->queue[at - 1]->due > due; at--) line->queue[at] = line->queue[at - 1];
    line->queue[at] = packet;
    return 1;
}

/// Delivers what is due. Returns milliseconds until the next packet is, or -1.
static int deliver(struct direction *line, int to) {
    double time = now();
    int sent = 0;
    while (sent < line->count && line->queue[sent]->due <= time) {
        struct packet *packet = line->queue[sent++];
        // A full device drops, as a full line does.
        if (!line->down && write(to, packet->bytes, (size_t)packet->size) < 0 && errno != EAGAIN && errno != EIO) fail("write");
        free(packet);
    }
    memmove(line->queue, line->queue + sent, sizeof *line->queue * (size_t)(line->count - sent));
    line->count -= sent;
    return line->count ? (int)((line->queue[0]->due - time) * 1000) + 1 : -1;
}

static void obey(char *words) {
    long first = 0, second = 0;
    int from = 0, to = 2;
    if (strncmp(words, "to-second ", 10) == 0) to = 1, words += 10;
    else if (strncmp(words, "to-first ", 9) == 0) from = 1, words += 9;
    for (struct direction *line = directions + from; line < directions + to; line++) {
        if (sscanf(words, "delay %ld %ld", &first, &second) == 2) line->delay = (double)first / 1000, line->jitter = (double)second / 1000;
        else if (sscanf(words, "loss %ld", &first) == 1) line->loss = first;
        else if (sscanf(words, "reorder %ld", &first) == 1) line->reorder = first;
        else if (sscanf(words, "rate %ld %ld", &first, &second) == 2) line->rate = first, line->room = second;
        else if (strncmp(words, "down", 4) == 0) line->down = 1;
        else if (strncmp(words, "up", 2) == 0) line->down = 0;
        else if (strncmp(words, "no-ipv6", 7) == 0) line->no_ipv6 = 1;
        else fprintf(stderr, "link: not understood: %s", words);
    }
}

int main(int count, char **words) {
    char line[256];
    if (count != 5) {
        fprintf(stderr, "usage: link NAMESPACE ADDRESS NAMESPACE ADDRESS\n");
        return 2;
    }
    int ends[2] = {device(words[1], words[2]), device(words[3], words[4])};
    printf("ready\n");
    fflush(stdout);
    for (;;) {
        int wait = -1;
        for (int way = 0; way < 2; way++) {
            for (int most = 64; most > 0 && take(&directions[way], ends[way]); most--) {}
            int next = deliver(&directions[way], ends[!way]);
            if (next >= 0 && (wait < 0 || next < wait)) wait = next;
        }
        struct pollfd polls[3] = {{.fd = ends[0], .events = POLLIN}, {.fd = ends[1], .events = POLLIN}, {.fd = 0, .events = POLLIN}};
        poll(polls, 3, wait);
        if (polls[2].revents) {
            // A line at a time: whoever drives us waits for the answer before the next one.
            ssize_t size = 0;
            while (size < (ssize_t)sizeof line - 1 && read(0, line + size, 1) == 1 && line[size++] != '\n') {}
            if (size == 0) return 0;
            line[size] = 0;
            obey(line);
            printf("done\n");
            fflush(stdout);
        }
    }
}
