import Testing

/// A kind of user key, and the signature algorithm that the client is held to.
struct KeyKind: Sendable, CustomTestStringConvertible {
    let type: String
    let bits: Int?
    let signature: String

    var testDescription: String { signature }

    static let all = [
        KeyKind(type: "ed25519", bits: nil, signature: "ssh-ed25519"),
        KeyKind(type: "ecdsa", bits: 256, signature: "ecdsa-sha2-nistp256"),
        KeyKind(type: "ecdsa", bits: 384, signature: "ecdsa-sha2-nistp384"),
        KeyKind(type: "ecdsa", bits: 521, signature: "ecdsa-sha2-nistp521"),
        KeyKind(type: "rsa", bits: 2048, signature: "rsa-sha2-256"),
        KeyKind(type: "rsa", bits: 4096, signature: "rsa-sha2-512"),
    ]
}

/// A cipher, with the MAC that goes with it where it needs one.
struct CipherSuite: Sendable, CustomTestStringConvertible {
    let cipher: String
    let mac: String?

    var testDescription: String { [cipher, mac].compactMap(\.self).joined(separator: " + ") }
    /// Lines of a client's configuration.
    var lines: String { "Ciphers \(cipher)" + (mac.map { "\n  MACs \($0)" } ?? "") }

    static let all =
        ["chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com", "aes128-gcm@openssh.com"].map { CipherSuite(cipher: $0, mac: nil) }
        + ["aes256-ctr", "aes128-ctr"].flatMap { cipher in
            ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com"].map { CipherSuite(cipher: cipher, mac: $0) }
        }
}

extension EndToEnd {
    /// The stock client with everything that the relay offers (DESIGN §4.1).
    @Suite(.serialized) struct AlgorithmTests {
        @Test(arguments: KeyKind.all) func everyKeyTypeLogsInWithEveryCipherAndMAC(kind: KeyKind) async throws {
            let site = try await Site()
            let key = try await KeyPair("user", in: site.folder, type: kind.type, bits: kind.bits)
            try await site.relay.addStaff("bob", key: key)
            for suite in CipherSuite.all {
                let config = try site.staffConfig(key: key, suite.lines, "PubkeyAcceptedAlgorithms \(kind.signature)")
                let login = try await site.staff(config, "-v", "relay", "whoami")
                #expect(login.succeeded, "\(suite): \(login)")
                #expect(login.output.contains(Relay.isStock ? StockServer.user : "bob"), "\(suite): \(login)")
                let negotiated = "cipher: \(suite.cipher) MAC: \(suite.mac ?? "<implicit>")"
                #expect(login.errors.contains("server->client \(negotiated)"), "\(suite): \(login)")
                #expect(login.errors.contains("client->server \(negotiated)"), "\(suite): \(login)")
            }
        }

        @Test(arguments: ["curve25519-sha256", "curve25519-sha256@libssh.org"])
        func everyKeyExchangeLogsIn(exchange: String) async throws {
            let site = try await Site()
            let login = try await site.staff(try site.staffConfig("KexAlgorithms \(exchange)"), "-v", "relay", "whoami")
            #expect(login.succeeded, "\(login)")
            #expect(login.errors.contains("kex: algorithm: \(exchange)"), "\(login)")
        }

        @Test(arguments: CipherSuite.all) func everyCipherCarriesABridge(suite: CipherSuite) async throws {
            let site = try await Site()
            let tunnel = try await site.tunnel(
                "-o", "Ciphers=\(suite.cipher)", "-o", "MACs=\(suite.mac ?? "hmac-sha2-256-etm@openssh.com")")
            let file = try site.folder.writeNoise(3 << 20, to: "noise")
            let config = try site.staffConfig(suite.lines)
            let login = try await site.staff(config, "-J", "relay", "-p", "\(Site.listeningPort)", "localhost", "sha256sum", input: file)
            #expect(login.output.prefix(64) == (try await site.folder.sum(of: file)), "\(login)")
            #expect(tunnel.isRunning)
        }

        @Test(.enabled(if: !Relay.isStock), arguments: ["aes128-cbc", "3des-cbc"]) func aCipherThatIsNotOfferedIsRefused(cipher: String)
            async throws
        {
            let site = try await Site()
            let login = try await site.staff(try site.staffConfig("Ciphers \(cipher)"), "relay", "whoami")
            #expect(login.status == 255)
            #expect(login.errors.contains("no matching cipher found"), "\(login)")
        }
    }
}
