// A long cable: two TUN devices, each packet that enters one leaves the other a fixed time later, in order. What tc netem does,
// on kernels that are built without it.
//
//   delay NEAR FAR MILLISECONDS     makes both devices, prints "ready", carries packets until end of standard input
#define _GNU_SOURCE  // ppoll
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum {
    // Ethernet's; the devices have it by default.
    MTU = 1500,
    // Packets on the way: 24 MB in 50 ms is far more than an SSH window. A full cable reads no more, and the device drops.
    SLOTS = 16384,
    // Packets taken in one turn, so that neither direction starves the other.
    BATCH = 64,
};

struct packet {
    long long due;  // nanoseconds
    int length;
    unsigned char bytes[MTU];
};

struct cable {
    int from, to;
    unsigned head, used;
    struct packet *slots;
};

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static int device(const char *name) {
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    int descriptor = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0) fail("/dev/net/tun");
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    if (ioctl(descriptor, TUNSETIFF, &request) < 0) fail(name);
    return descriptor;
}

/// Takes what has arrived, to leave after `delay` nanoseconds.
static void take(struct cable *cable, long long delay) {
    for (int count = 0; count < BATCH && cable->used < SLOTS; count++) {
        struct packet *packet = &cable->slots[(cable->head + cable->used) % SLOTS];
        packet->length = (int)read(cable->from, packet->bytes, MTU);
        if (packet->length <= 0) return;
        packet->due = now() + delay;
        cable->used++;
    }
}

/// Lets out what is due; returns when the next one is, or -1.
static long long deliver(struct cable *cable) {
    while (cable->used) {
        struct packet *packet = &cable->slots[cable->head];
        if (packet->due > now()) return packet->due;
        // A device that is down or gone loses packets, as a cable does.
        if (write(cable->to, packet->bytes, (size_t)packet->length) < 0) {}
        cable->head = (cable->head + 1) % SLOTS;
        cable->used--;
    }
    return -1;
}

int main(int arguments, char **argument) {
    if (arguments != 4) {
        fprintf(stderr, "usage: delay NEAR FAR MILLISECONDS\n");
        return 2;
    }
    int near = device(argument[1]), far = device(argument[2]);
    long long delay = atoll(argument[3]) * 1000000LL;
    struct cable cables[2] = {{.from = near, .to = far}, {.from = far, .to = near}};
    for (int index = 0; index < 2; index++) {
        cables[index].slots = calloc(SLOTS, sizeof(struct packet));
        if (!cables[index].slots) fail("memory");
    }
    printf("ready\n");
    fflush(stdout);
    struct pollfd polls[3] = {{.fd = near}, {.fd = far}, {.fd = STDIN_FILENO, .events = POLLIN}};
    for (;;) {
        long long next = -1;
        for (int index = 0; index < 2; index++) {
            take(&cables[index], delay);
            long long due = deliver(&cables[index]);
            if (due >= 0 && (next < 0 || due < next)) next = due;
            polls[index].events = cables[index].used < SLOTS ? POLLIN : 0;
        }
        long long wait = next - now();
        if (wait < 0) wait = 0;
        struct timespec time = {.tv_sec = wait / 1000000000LL, .tv_nsec = wait % 1000000000LL};
        if (ppoll(polls, 3, next < 0 ? NULL : &time, NULL) < 0) fail("poll");
        if (polls[2].revents) return 0;
    }
}
