import CHTTP
package import SystemCalls

/// Why a certificate cannot be used.
package enum TLSIdentityError: Error, Hashable, Sendable, CustomStringConvertible {
    /// No certificate in PEM form was found.
    case noCertificate
    /// No private key in PEM form was found, or it is protected by a password.
    case noPrivateKey
    /// The key belongs to another certificate.
    case mismatch
    /// It has expired.
    case expired
    /// GnuTLS refused, in its words.
    case failed(String)

    /// One line for a person; it does not name the file.
    package var description: String {
        switch self {
        case .noCertificate: "there is no certificate in it: it must hold -----BEGIN CERTIFICATE----- …, the server's own first"
        case .noPrivateKey: "there is no usable private key in it: it must hold -----BEGIN PRIVATE KEY----- … without a password"
        case .mismatch: "the private key does not belong to the certificate"
        case .expired: "the certificate has expired: get a new one"
        case .failed(let reason): reason
        }
    }
}

/// A certificate and its private key, checked to belong together.
package struct TLSIdentity: Sendable {
    /// The certificate, and those that lead to its issuer, as PEM.
    package let certificate: String
    /// The private key as PEM. A secret.
    package let privateKey: String
    /// SHA-256 of the certificate as browsers show it: `AB:CD:…`, 32 bytes.
    package let fingerprint: String
    /// When it expires, seconds since 1970.
    package let expiry: Int64

    /// Reads a certificate and a key.
    ///
    /// - Parameters:
    ///   - certificate: PEM; the server's own first, then those of its issuers if there are any.
    ///   - privateKey: PEM without a password.
    ///   - now: seconds since 1970, by which it is judged whether it has expired; `nil` does not judge (a terminal's clock may be wrong).
    package init(certificate: String, privateKey: String, now: Int64?) throws(TLSIdentityError) {
        var key: gnutls_x509_privkey_t?
        gnutls_x509_privkey_init(&key)
        defer { gnutls_x509_privkey_deinit(key) }
        guard Self.withDatum(privateKey, { gnutls_x509_privkey_import2(key, $0, GNUTLS_X509_FMT_PEM, nil, 0) }) == 0 else {
            throw .noPrivateKey
        }
        var leaf: gnutls_x509_crt_t?
        gnutls_x509_crt_init(&leaf)
        defer { gnutls_x509_crt_deinit(leaf) }
        guard Self.withDatum(certificate, { gnutls_x509_crt_import(leaf, $0, GNUTLS_X509_FMT_PEM) }) == 0 else { throw .noCertificate }
        guard
            try Self.keyIdentifier({ gnutls_x509_crt_get_key_id(leaf, 0, $0, $1) })
                == Self.keyIdentifier({ gnutls_x509_privkey_get_key_id(key, 0, $0, $1) })
        else { throw .mismatch }
        expiry = Int64(gnutls_x509_crt_get_expiration_time(leaf))
        if let now, expiry <= now { throw .expired }
        let digest = try Self.keyIdentifier { gnutls_x509_crt_get_fingerprint(leaf, GNUTLS_DIG_SHA256, $0, $1) }
        fingerprint = digest.map { byte in
            let text = String(byte, radix: 16, uppercase: true)
            return byte < 16 ? "0\(text)" : text
        }.joined(separator: ":")
        self.certificate = certificate
        self.privateKey = privateKey
    }

    /// How long a self-signed certificate is valid: 397 days, the most that browsers take.
    package static let selfSignedDays = 397
    /// How far back its validity begins (one day): a browser's clock may be behind ours.
    private static let clockTolerance: Int64 = 86_400

    /// Makes a new P-256 key and a certificate that it signs itself.
    ///
    /// - Parameters:
    ///   - names: host names by which browsers reach this machine; the first is also the subject. At least one.
    ///   - addresses: the same as IP addresses.
    ///   - now: seconds since 1970.
    package static func selfSigned(names: [String], addresses: [IPAddress], now: Int64) throws(TLSIdentityError) -> TLSIdentity {
        precondition(!names.isEmpty, "a certificate has a subject")
        var key: gnutls_x509_privkey_t?
        gnutls_x509_privkey_init(&key)
        defer { gnutls_x509_privkey_deinit(key) }
        try check(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, towline_tls_curve_bits(GNUTLS_ECC_CURVE_SECP256R1), 0))
        var certificate: gnutls_x509_crt_t?
        gnutls_x509_crt_init(&certificate)
        defer { gnutls_x509_crt_deinit(certificate) }
        try check(gnutls_x509_crt_set_version(certificate, 3))
        var serial = [UInt8](repeating: 0, count: 16)
        try check(gnutls_rnd(GNUTLS_RND_NONCE, &serial, serial.count))
        serial[0] = serial[0] & 0x7f | 0x40  // positive, and not short (RFC 5280 §4.1.2.2)
        try check(gnutls_x509_crt_set_serial(certificate, serial, serial.count))
        try check(gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, names[0], UInt32(names[0].utf8.count)))
        for name in names {
            let bytes = Array(name.utf8)
            let kind = GNUTLS_SAN_DNSNAME
            try check(gnutls_x509_crt_set_subject_alt_name(certificate, kind, bytes, UInt32(bytes.count), UInt32(GNUTLS_FSAN_APPEND)))
        }
        for address in addresses {
            let bytes = address.bytes
            let kind = GNUTLS_SAN_IPADDRESS
            try check(gnutls_x509_crt_set_subject_alt_name(certificate, kind, bytes, UInt32(bytes.count), UInt32(GNUTLS_FSAN_APPEND)))
        }
        try check(gnutls_x509_crt_set_activation_time(certificate, Int(now - clockTolerance)))
        try check(gnutls_x509_crt_set_expiration_time(certificate, Int(now) + selfSignedDays * 86_400 - Int(clockTolerance)))
        try check(gnutls_x509_crt_set_basic_constraints(certificate, 0, -1))
        try check(gnutls_x509_crt_set_key_usage(certificate, UInt32(GNUTLS_KEY_DIGITAL_SIGNATURE)))
        try check(gnutls_x509_crt_set_key_purpose_oid(certificate, GNUTLS_KP_TLS_WWW_SERVER, 0))
        try check(gnutls_x509_crt_set_key(certificate, key))
        let identifier = try keyIdentifier { gnutls_x509_crt_get_key_id(certificate, 0, $0, $1) }
        try check(gnutls_x509_crt_set_subject_key_id(certificate, identifier, identifier.count))
        try check(gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0))
        return try TLSIdentity(
            certificate: exported { gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, $0) },
            privateKey: exported { gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, $0) }, now: nil)
    }

    private static func check(_ status: Int32) throws(TLSIdentityError) {
        if status < 0 { throw .failed(gnutls_strerror(status).map { String(cString: $0) } ?? "GnuTLS error \(status)") }
    }

    private static func withDatum(_ text: String, _ body: (UnsafePointer<gnutls_datum_t>) -> Int32) -> Int32 {
        var bytes = Array(text.utf8)
        return bytes.withUnsafeMutableBufferPointer { room in
            var datum = gnutls_datum_t(data: room.baseAddress, size: UInt32(room.count))
            return body(&datum)
        }
    }

    /// Bytes of a digest or key identifier: room for any that GnuTLS knows.
    private static let digestRoom = 64

    private static func keyIdentifier(
        _ body: (UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<Int>?) -> Int32
    ) throws(TLSIdentityError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: digestRoom)
        var count = bytes.count
        let status = bytes.withUnsafeMutableBufferPointer { body($0.baseAddress, &count) }
        try check(status)
        return Array(bytes.prefix(count))
    }

    private static func exported(_ body: (UnsafeMutablePointer<gnutls_datum_t>) -> Int32) throws(TLSIdentityError) -> String {
        var datum = gnutls_datum_t()
        try check(body(&datum))
        defer { towline_tls_free(datum.data) }
        return String(decoding: UnsafeBufferPointer(start: datum.data, count: Int(datum.size)), as: UTF8.self)
    }
}
