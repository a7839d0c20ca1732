// The door to libsodium: imported by Passwords only.
#pragma once
#include <sodium.h>
