// OpenSSL's libcrypto: digests.
#include <openssl/evp.h>
