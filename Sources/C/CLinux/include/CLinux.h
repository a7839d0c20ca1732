// Linux headers that Swift's Glibc module lacks, and the few shims they need. No logic.
#pragma once
#include <sys/epoll.h>
#include <sys/eventfd.h>
