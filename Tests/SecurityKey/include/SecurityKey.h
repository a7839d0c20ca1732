// A security key (FIDO) without hardware, for tests: the middleware that OpenSSH loads as SecurityKeyProvider. The other side of this
// interface is OpenSSH's sk-api.h; what it signs is in its PROTOCOL.u2f.
#ifndef TOWLINE_SECURITY_KEY_H
#define TOWLINE_SECURITY_KEY_H

#include <stddef.h>
#include <stdint.h>

struct sk_option;
struct sk_resident_key;

struct sk_enroll_response {
    uint8_t flags;
    uint8_t *public_key;
    size_t public_key_len;
    uint8_t *key_handle;
    size_t key_handle_len;
    uint8_t *signature;
    size_t signature_len;
    uint8_t *attestation_cert;
    size_t attestation_cert_len;
    uint8_t *authdata;
    size_t authdata_len;
};

struct sk_sign_response {
    uint8_t flags;
    uint32_t counter;
    uint8_t *sig_r;
    size_t sig_r_len;
    uint8_t *sig_s;
    size_t sig_s_len;
};

// The version of the interface: its upper half must be the one of the OpenSSH that loads this.
uint32_t sk_api_version(void);

// Makes a key; its private half is the key handle itself, in the clear.
int sk_enroll(
    uint32_t alg, const uint8_t *challenge, size_t challenge_len, const char *application, uint8_t flags, const char *pin,
    struct sk_option **options, struct sk_enroll_response **response);

// Signs, at once and without a touch. Says that somebody was there if OpenSSH asks for it, as a touched key would.
//
// TOWLINE_SECURITY_KEY in the environment makes it lie about what it has signed: "flags" reports the flag of presence that it did not
// sign, "counter" another counter than the one that it signed.
int sk_sign(
    uint32_t alg, const uint8_t *message, size_t message_len, const char *application, const uint8_t *key_handle,
    size_t key_handle_len, uint8_t flags, const char *pin, struct sk_option **options, struct sk_sign_response **response);

// There are none.
int sk_load_resident_keys(const char *pin, struct sk_option **options, struct sk_resident_key ***keys, size_t *count);

#endif
