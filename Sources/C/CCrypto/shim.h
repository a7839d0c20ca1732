// The door to libcrypto (OpenSSL 3): imported by SSHCrypto only.
#pragma once
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>

// A macro made of casts, which Swift does not import.
static const int towline_public_key = EVP_PKEY_PUBLIC_KEY;
