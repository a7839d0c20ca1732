// The door to libsodium: imported by Passwords and SSHCrypto only.
#pragma once
#include <sodium.h>
