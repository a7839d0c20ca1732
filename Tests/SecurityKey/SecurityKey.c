#include "SecurityKey.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

enum { ECDSA = 0x00, ED25519 = 0x01 };
enum { USER_PRESENT = 0x01 };
enum { FAILED = -1, UNSUPPORTED = -2 };

// The counter that every signature is made with: nobody asks this key twice for the same purpose.
static const uint32_t counter = 7;

// From OpenSSH 9.1 on.
uint32_t sk_api_version(void) { return 0x000a0000; }

static EVP_PKEY *new_key(uint32_t alg) {
    return alg == ED25519 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519") : EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
}

// The public half as SSH has it: a point of Ed25519, or an uncompressed one of P-256.
static uint8_t *public_half(EVP_PKEY *key, uint32_t alg, size_t *length) {
    uint8_t *point = NULL;
    if (alg == ECDSA) {
        *length = EVP_PKEY_get1_encoded_public_key(key, &point);
    } else if (EVP_PKEY_get_raw_public_key(key, NULL, length) == 1 && (point = malloc(*length)) != NULL) {
        EVP_PKEY_get_raw_public_key(key, point, length);
    }
    return point;
}

int sk_enroll(
    uint32_t alg, const uint8_t *challenge, size_t challenge_len, const char *application, uint8_t flags, const char *pin,
    struct sk_option **options, struct sk_enroll_response **response) {
    if (alg != ECDSA && alg != ED25519) return UNSUPPORTED;
    EVP_PKEY *key = new_key(alg);
    struct sk_enroll_response *made = calloc(1, sizeof *made);
    if (key == NULL || made == NULL) return FAILED;
    made->public_key = public_half(key, alg, &made->public_key_len);
    int length = i2d_PrivateKey(key, &made->key_handle);
    EVP_PKEY_free(key);
    made->signature = calloc(1, 1);  // Of the attestation, which nobody asks for: it only must be there.
    if (made->public_key == NULL || length <= 0 || made->signature == NULL) return FAILED;
    made->key_handle_len = length;
    made->signature_len = 1;
    made->flags = flags;
    *response = made;
    return 0;
}

// What a security key signs: hash of the application, flags, counter, hash of the message.
static void signed_text(uint8_t text[69], const char *application, uint8_t flags, const uint8_t *message, size_t length) {
    SHA256((const uint8_t *)application, strlen(application), text);
    text[32] = flags;
    for (int byte = 0; byte < 4; byte++) text[33 + byte] = counter >> (24 - 8 * byte);
    SHA256(message, length, text + 37);
}

// One number of an ECDSA signature, 32 bytes.
static int number(const BIGNUM *value, uint8_t **bytes, size_t *length) {
    *length = 32;
    *bytes = malloc(*length);
    return *bytes != NULL && BN_bn2binpad(value, *bytes, (int)*length) == 32;
}

// Puts a signature into the response: Ed25519's as it is, ECDSA's as its two numbers.
static int put(struct sk_sign_response *made, uint32_t alg, const uint8_t *signature, size_t length) {
    if (alg == ED25519) {
        made->sig_r = malloc(length);
        if (made->sig_r == NULL) return 0;
        memcpy(made->sig_r, signature, length);
        made->sig_r_len = length;
        return 1;
    }
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &signature, (long)length);
    int done = pair != NULL && number(ECDSA_SIG_get0_r(pair), &made->sig_r, &made->sig_r_len) &&
               number(ECDSA_SIG_get0_s(pair), &made->sig_s, &made->sig_s_len);
    ECDSA_SIG_free(pair);
    return done;
}

int sk_sign(
    uint32_t alg, const uint8_t *message, size_t message_len, const char *application, const uint8_t *key_handle,
    size_t key_handle_len, uint8_t flags, const char *pin, struct sk_option **options, struct sk_sign_response **response) {
    const char *lie = getenv("TOWLINE_SECURITY_KEY");
    if (lie == NULL) lie = "";
    uint8_t text[69], signature[128];
    size_t length = sizeof signature;
    EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &key_handle, (long)key_handle_len);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    struct sk_sign_response *made = calloc(1, sizeof *made);
    if (key == NULL || context == NULL || made == NULL) return FAILED;
    flags &= USER_PRESENT;
    signed_text(text, application, flags, message, message_len);
    int done = EVP_DigestSignInit(context, NULL, alg == ECDSA ? EVP_sha256() : NULL, NULL, key) == 1 &&
               EVP_DigestSign(context, signature, &length, text, sizeof text) == 1 && put(made, alg, signature, length);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    if (!done) return FAILED;
    made->flags = strcmp(lie, "flags") == 0 ? flags | USER_PRESENT : flags;
    made->counter = strcmp(lie, "counter") == 0 ? counter + 1 : counter;
    *response = made;
    return 0;
}

int sk_load_resident_keys(const char *pin, struct sk_option **options, struct sk_resident_key ***keys, size_t *count) {
    *keys = NULL;
    *count = 0;
    return 0;
}
