import Testing

/// Security keys (FIDO) as stock OpenSSH uses them: what it loads in place of the driver of a token is in Tests/SecurityKey.
enum SecurityKey {
    /// Types as `ssh-keygen -t` names them, each with its name in the protocol.
    static let types = [("ed25519-sk", "sk-ssh-ed25519@openssh.com"), ("ecdsa-sk", "sk-ecdsa-sha2-nistp256@openssh.com")]

    /// What a key says untruly about what it has signed.
    enum Lie: String, CaseIterable {
        /// That somebody was there.
        case flags
        /// How often it has signed.
        case counter
    }

    /// The library that OpenSSH loads.
    static func provider() throws -> String { try Programs.ours("libSecurityKey.so", variable: "TEST_SECURITY_KEY") }

    /// A line of ssh_config.
    static func line() throws -> String { "SecurityKeyProvider \(try provider())" }

    /// A key pair; the private file holds no secret that works without the token.
    static func make(_ name: String, _ type: String, in folder: Folder, wantsTouch: Bool = true) async throws -> KeyPair {
        let options = ["-w", try provider()] + (wantsTouch ? [] : ["-O", "no-touch-required"])
        return try await KeyPair(name, in: folder, type: type, options: options)
    }
}

extension EndToEnd {
    /// Staff whose only key is a security key (OpenSSH's PROTOCOL.u2f).
    @Suite(.serialized, .enabled(if: !Relay.isStock)) struct SecurityKeyTests {
        @Test(arguments: SecurityKey.types)
        func staffWithASecurityKeyGoFromARequestToAPrompt(_ type: String, _ algorithm: String) async throws {
            let site = try await Site(granted: false)
            let key = try await SecurityKey.make("token", type, in: site.folder)
            try await site.relay.addStaff("bob", key: key)
            let config = try site.staffConfig(key: key, try SecurityKey.line())
            let who = try await site.staff(config, "relay", "whoami")
            #expect(who.succeeded && who.output.contains("you are bob") && who.output.contains(algorithm), "\(who)")

            let terminal = try await TerminalEnd(in: site.folder)
            do {
                let sheet = try await site.staff(config, "relay", "request new shop-43 --login \(terminal.user) --auto-approve")
                #expect(sheet.output.contains(key.line), "\(sheet)")
                let line = try #require(sheet.output.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("towline:1:") }, "\(sheet)")
                try await terminal.must("apply", "--yes", String(line))
                try await terminal.must("settings", "change", "--relay", "127.0.0.1:\(site.relay.port)")
                try await terminal.must("start")
                try await terminal.status(says: "waiting for support")
                let reached = try await site.staff(config, "-J", "relay", "\(terminal.user)@shop-43", "echo reached")
                #expect(reached.text == "reached", "\(reached)")
            } catch {
                try await terminal.close()
                throw error
            }
            try await terminal.close()
        }

        @Test(arguments: SecurityKey.types) func aSignatureThatNobodyTouchedAKeyForIsRefused(_ type: String, _: String) async throws {
            let site = try await Site(granted: false)
            let key = try await SecurityKey.make("untouched", type, in: site.folder, wantsTouch: false)
            try await site.relay.addStaff("bob", key: key)
            let refused = try await site.staff(try site.staffConfig(key: key, try SecurityKey.line()), "relay", "whoami")
            #expect(refused.status == 255 && refused.errors.contains("Permission denied (publickey)"), "\(refused)")
            let audit = try await site.relay.must("audit").output
            #expect(audit.contains("signature does not verify"), "\(audit)")
        }

        @Test(arguments: SecurityKey.types, SecurityKey.Lie.allCases)
        func aTokenThatLiesAboutWhatItSignedIsRefused(_ type: (String, String), _ lie: SecurityKey.Lie) async throws {
            let site = try await Site(granted: false)
            let key = try await SecurityKey.make("token", type.0, in: site.folder, wantsTouch: lie != .flags)
            try await site.relay.addStaff("bob", key: key)
            let config = try site.staffConfig(key: key, try SecurityKey.line())
            let refused = try await site.folder.run(
                ["ssh", "-F", config, "relay", "whoami"], environment: ["TOWLINE_SECURITY_KEY": lie.rawValue])
            #expect(refused.status == 255 && refused.errors.contains("Permission denied (publickey)"), "\(refused)")
            let audit = try await site.relay.must("audit").output
            #expect(audit.contains("signature does not verify"), "\(audit)")
        }
    }
}
