/* bare: crashes; shimmed: ok */
/*
 * Threads make handshakes and digests with OpenSSL while main returns 5:
 * OpenSSL's own exit handler frees what they use.
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdlib.h>

enum { SHAKERS = 3, DIGESTERS = 3 };

static SSL_CTX *server_context, *client_context;
static pthread_barrier_t running;

static void need(int right)
{
    if (!right) {
        ERR_print_errors_fp(stderr);
        _Exit(99);
    }
}

static void make_certificate(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();

    need(key && certificate);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               (const unsigned char *)"localhost", -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_set_pubkey(certificate, key);
    need(X509_sign(certificate, key, EVP_sha256()) > 0);
    need(SSL_CTX_use_certificate(server_context, certificate) == 1);
    need(SSL_CTX_use_PrivateKey(server_context, key) == 1);
}

/* Both ends in this thread, with a pair of buffers in between. */
static void shake_hands(void)
{
    SSL *server = SSL_new(server_context), *client = SSL_new(client_context);
    BIO *left, *right;

    if (!server || !client || BIO_new_bio_pair(&left, 0, &right, 0) != 1)
        return; /* the end has begun, and OpenSSL says so */
    SSL_set_bio(server, left, left);
    SSL_set_bio(client, right, right);
    SSL_set_accept_state(server);
    SSL_set_connect_state(client);
    for (int i = 0; i < 10; i++)
        if (SSL_do_handshake(client) + SSL_do_handshake(server) == 2)
            break;
    SSL_free(server);
    SSL_free(client);
}

static void digest(void)
{
    static const char text[4096];
    unsigned char result[EVP_MAX_MD_SIZE];
    EVP_MD *method = EVP_MD_fetch(NULL, "SHA256", NULL);
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    if (method && context && EVP_DigestInit_ex(context, method, NULL) == 1) {
        EVP_DigestUpdate(context, text, sizeof text);
        EVP_DigestFinal_ex(context, result, NULL);
    }
    EVP_MD_CTX_free(context);
    EVP_MD_free(method);
}

static void *work(void *digests)
{
    pthread_barrier_wait(&running);
    for (;;)
        if (digests)
            digest();
        else
            shake_hands();
    return NULL;
}

int main(void)
{
    pthread_barrier_init(&running, NULL, SHAKERS + DIGESTERS + 1);
    server_context = SSL_CTX_new(TLS_server_method());
    client_context = SSL_CTX_new(TLS_client_method());
    need(server_context && client_context);
    make_certificate();
    shake_hands();
    for (int i = 0; i < SHAKERS + DIGESTERS; i++) {
        pthread_t thread;

        need(pthread_create(&thread, NULL, work, i < DIGESTERS ? &running : NULL) == 0);
        pthread_detach(thread);
    }
    pthread_barrier_wait(&running);
    shake_hands();
    return 5;
}
