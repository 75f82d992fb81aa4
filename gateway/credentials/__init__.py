"""Our own keys and certificates, from the key pair to the revoked certificate.

    manifest     which keys and certificates there are and which is active where: data, and the changes to it
    ledger       the manifest as one file, replaced in one step under a lock
    stores       the port of a key store; `key_files` (encrypted files) and `key_token` (PKCS#11) stand behind it
    request      the signing request for a CA
    admission    what a chain must be before it is installed
    custodian    every change, each one atomic: what REST, the console and ACME call
    book         what signs in this process, by account; it follows the manifest
    outside      whether a certificate's URL serves exactly its chain
    configured   the credential that the configuration names, used where nothing else is active

The state is files, so that a rotation needs no database: a crash leaves the old manifest or the new one. A credential is a
signer and its URL in one immutable object, so no token names another key's certificate.
"""
