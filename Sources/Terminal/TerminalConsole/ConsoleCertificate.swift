package import HTTPServer
package import SystemCalls

/// The certificate that the console shows: the customer's own, or one that the terminal has made. Blocks: not on a loop.
struct ConsoleCertificate: Sendable {
    /// The terminal's own certificate, PEM, in the agent's folder.
    let certificatePath: String
    /// Its private key, PEM, for the owner's eyes only.
    let privateKeyPath: String

    /// The most that a file with a certificate or a key may have: chains are a few KB.
    private static let largest = 256 * 1024
    /// Before this moment (2026-01-01) a clock is wrong, and nothing is judged by it.
    private static let earliestSane: Int64 = 1_767_225_600

    /// The files below `folder`.
    init(folder: String) {
        certificatePath = "\(folder)/console_certificate.pem"
        privateKeyPath = "\(folder)/console_key.pem"
    }

    /// The certificate that fits `settings`.
    ///
    /// - Throws: why there is none, in one line.
    func identity(for settings: ConsoleSettings, address: SocketAddress, machine: String) throws(ConsoleFailure) -> TLSIdentity? {
        if let certificate = settings.certificate, let key = settings.privateKey {
            do throws(CertificateFault) { return try read(certificate, key) } catch { throw ConsoleFailure(error.description) }
        }
        // Browsers trust what comes from the machine itself without TLS, and a warning that has to be clicked away would teach the wrong
        // thing. Over a network a password never goes in the clear.
        return address.address.isLoopback ? nil : try own(address, machine)
    }

    /// The customer's own, from its files.
    func read(_ certificate: String, _ key: String) throws(CertificateFault) -> TLSIdentity {
        let texts: (String, String)
        do throws(SystemError) {
            texts = (try Self.text(certificate), try Self.text(key))
        } catch {
            throw .unreadable(error)
        }
        do throws(TLSIdentityError) {
            return try TLSIdentity(certificate: texts.0, privateKey: texts.1, now: Self.now)
        } catch {
            throw .unusable(files: "\(Log.escaped(certificate)), \(Log.escaped(key))", error)
        }
    }

    /// The terminal's own, made when there is none, when it has expired, and when it cannot be read: nobody else vouches for it anyway.
    private func own(_ address: SocketAddress, _ machine: String) throws(ConsoleFailure) -> TLSIdentity {
        // Whatever is wrong with them, a new one takes their place.
        if let certificate = try? Self.text(certificatePath), let key = try? Self.text(privateKeyPath),
            let identity = try? TLSIdentity(certificate: certificate, privateKey: key, now: Self.now)
        {
            return identity
        }
        do {
            let identity = try TLSIdentity.selfSigned(
                names: [Self.name(machine), "localhost"], addresses: [address.address], now: Self.now ?? Self.earliestSane)
            try Files.writeAtomically(privateKeyPath, Array(identity.privateKey.utf8), mode: 0o600)
            try Files.writeAtomically(certificatePath, Array(identity.certificate.utf8), mode: 0o600)
            return identity
        } catch {
            throw ConsoleFailure("the console's certificate could not be made: \(error)")
        }
    }

    /// A name that a certificate can carry: at most 64 characters (RFC 5280, `ub-common-name-length`).
    private static func name(_ machine: String) -> String {
        let plain = machine.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == ".") }
        return plain.isEmpty ? "localhost" : String(plain.prefix(64))
    }

    private static func text(_ path: String) throws(SystemError) -> String {
        String(decoding: try Files.read(path, limit: largest), as: UTF8.self)
    }

    private static var now: Int64? { WallClock.seconds >= earliestSane ? WallClock.seconds : nil }
}

/// Why the customer's own certificate cannot be used.
package enum CertificateFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// One of its files cannot be read.
    case unreadable(SystemError)
    /// What its files hold does not do.
    case unusable(files: String, TLSIdentityError)

    /// One line.
    package var description: String {
        switch self {
        case .unreadable(let error): error.description
        case .unusable(let files, let error): "\(files): \(error)"
        }
    }
}

/// Why the console cannot be started: one line.
package struct ConsoleFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// A failure that says `description`.
    package init(_ description: String) { self.description = description }
}
