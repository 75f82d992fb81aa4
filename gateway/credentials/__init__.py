"""Our own keys and certificates, from the key pair to the revoked certificate.

    manifest       which keys and certificates there are and which is active where: data, and the changes to it
    manifest_file  the manifest as one file, replaced in one step under a lock
    stores         the port of a key store; `key_files` (encrypted, with a `passphrase`) and `key_token` (PKCS#11) are behind it
    keyring        all key stores as one
    request        the signing request for a CA
    admission      what a chain must be before it is installed
    custodian      every change, each one atomic: what REST, the console and ACME call
    outside        whether a certificate's URL serves exactly its chain, before it is activated
    book           what signs in one process, by account
    following      keeps the book of this process, by the manifest and the revocation lists
    configured     the credential that the configuration names, used where nothing else is active
    opening        these parts, put together as the configuration says

The state is files, so that a rotation needs no database: a crash leaves the old manifest or the new one. A credential is a
signer and its URL in one immutable object, so no token names another key's certificate.
"""
