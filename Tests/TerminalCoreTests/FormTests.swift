import SSHKeys
import Support
import Testing

@testable import TerminalCore

/// What customers type into the forms of the console, and what is said when it is wrong.
@Suite struct FormTests {
    private static let bob = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAoYTzW9WVEk9Yk+ZLYjWhfJX8R6SgZf0NsPnL25VM3M bob@support"

    private func refusal(_ body: () throws -> Void) -> Refusal? {
        do {
            try body()
            return nil
        } catch {
            return error as? Refusal
        }
    }

    @Test func aWrongLineOfKeysIsRefusedByItsNumber() {
        let form = LoginUserForm(name: "alice", keys: "# whose\n\(Self.bob)\nssh-rsa AAAA\n")
        let refusal = refusal { _ = try form.loginUser(changing: nil) }
        #expect(refusal?.code == .keyBroken && refusal?.values["line"] == "3" && refusal?.code.field == .keys)
    }

    @Test func everythingThatIsWrongIsToldAtOnce() {
        let form = LoginUserForm(name: "Alice", keys: "hello\n\(Self.bob)\nssh-rsa AAAA", access: "king")
        #expect(form.refusals(changing: nil).map(\.code) == [.loginUserName, .keyForeign, .keyBroken, .accessLevel])
        #expect(form.refusals(changing: nil).first == refusal { _ = try form.loginUser(changing: nil) })
        #expect(LoginUserForm(name: "alice").refusals(changing: nil).map(\.code) == [.keysMissing])
        #expect(LoginUserForm(name: "alice", keys: Self.bob).refusals(changing: nil) == [])

        var setting = SettingForm()
        setting.relay = "two words"
        setting.listeningPort = "80"
        setting.proxy = "ftp://x"
        #expect(setting.refusals(changing: nil).map(\.code) == [.relayAddress, .listeningPort, .proxyAddress])
        #expect(setting.refusals(changing: nil).first == refusal { _ = try setting.content(changing: nil) })
    }

    @Test(arguments: [
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nx", Refusal.Code.keyPrivate), ("", .keysMissing), ("command=\"x\" \(bob)", .keyOptions),
        ("ssh-dss AAAAB3NzaC1kc3MAAACB", .keyUnsupported), ("-----BEGIN PUBLIC KEY-----", .keyForeign),
        (String(repeating: "x", count: 10_000), .keyTooLong),
    ])
    func eachKindOfWrongLineHasItsOwnName(keys: String, code: Refusal.Code) {
        #expect(refusal { _ = try LoginUserForm(name: "alice", keys: keys).loginUser(changing: nil) }?.code == code)
    }

    @Test func aChangeKeepsWhatItDoesNotName() throws {
        let user = try LoginUserForm(name: "alice", keys: Self.bob, access: "administrator").loginUser(changing: nil)
        let changed = try LoginUserForm(name: "alice", access: "standard").loginUser(changing: user)
        #expect(changed.keys == user.keys && changed.access == .standard)
    }

    @Test func tooManyKeysAreRefused() throws {
        let keys = try (0...LoginUser.maximumKeys).map { number in
            var blob = try AuthorizedKey(line: Self.bob).key.blob
            // Points that differ; each is one that a key could have.
            blob[blob.count - 1] ^= UInt8(number)
            return "ssh-ed25519 \(Base64.encode(blob, isPadded: true))"
        }
        let most = LoginUserForm(name: "alice", keys: keys.dropLast().joined(separator: "\n"))
        #expect(try most.loginUser(changing: nil).keys.count == LoginUser.maximumKeys)
        let more = LoginUserForm(name: "alice", keys: keys.joined(separator: "\n"))
        #expect(refusal { _ = try more.loginUser(changing: nil) }?.code == .tooManyKeys)
    }

    private func setting() throws -> RemoteSupportSetting {
        RemoteSupportSetting(
            relay: try RelayAddress(parsing: "relay.example.org"), listeningPort: try ListeningPort(parsing: "41999"), user: "towline",
            fingerprint: Fingerprint(digest: [UInt8](repeating: 7, count: 32)), pinnedKey: "ssh-ed25519 AAAA",
            proxy: ProxySetting(kind: .http, address: try RelayAddress(parsing: "proxy:3128"), user: "shop", password: "s3cret"))
    }

    @Test func aProxyKeepsItsPasswordUntilAnotherOneIsTyped() throws {
        var form = SettingForm()
        form.proxy = "socks5://other.example.org"
        form.proxyUser = "shop"
        let proxy = try #require(try form.content(changing: setting()).proxy)
        #expect(proxy.description == "socks5://other.example.org:1080" && proxy.password == "s3cret")
        form.proxyPassword = ""
        #expect(try form.content(changing: setting()).proxy?.password == nil)
        form.proxy = ""
        form.proxyUser = nil
        #expect(try form.content(changing: setting()).proxy == nil)
    }

    @Test(arguments: [
        ("relay", "-oProxyCommand=x", Refusal.Code.relayAddress), ("relay", "", .relayAddress), ("relay", "r.example.org:a,b", .relayPorts),
        ("relay", "r.example.org:1,2,3,4,5,6,7,8,9", .relayPorts), ("relay", "-x:22", .relayAddress),
        ("proxy", "proxy:3128", .proxyAddress), ("port", "80", .listeningPort),
        ("port", "70000", .listeningPort), ("fingerprint", "MD5:00", .fingerprint), ("user", "-l", .relayUser),
        ("proxy", "ftp://x", .proxyAddress), ("proxy", "http://u:p@h:1", .proxyCredentials), ("proxy", "h:1,2", .proxyAddress),
        ("proxyUser", "a:b", .proxyCredentials), ("proxyPassword", String(repeating: "x", count: 256), .proxyCredentials),
        ("proxyPassword", "a\r\nb", .proxyCredentials),
    ])
    func eachWrongFieldHasItsOwnName(field: String, text: String, code: Refusal.Code) throws {
        var form = SettingForm()
        switch field {
        case "relay": form.relay = text
        case "port": form.listeningPort = text
        case "fingerprint": form.fingerprint = text
        case "user": form.user = text
        case "proxy": form.proxy = text
        case "proxyUser": form.proxyUser = text
        default: form.proxyPassword = text
        }
        let current = try setting()
        #expect(refusal { _ = try form.content(changing: current) }?.code == code)
    }

    @Test func aFingerprintThatIsTakenAwayIsToBeComparedAnewAndOneThatIsNotNamedStays() throws {
        var form = SettingForm()
        #expect(try form.content(changing: setting()).fingerprint?.description == setting().fingerprint)
        form.fingerprint = ""
        #expect(try form.content(changing: setting()).fingerprint == nil)
    }

    @Test func aPrivateKeyAmongOthersIsNamedByItsLineAndTheOthersAreLookedAt() {
        let secret = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----"
        let form = LoginUserForm(name: "alice", keys: "\(Self.bob)\n\(secret)\nhello\n\(Self.bob)")
        let refusals = form.refusals(changing: nil)
        #expect(refusals.map(\.code) == [.keyPrivate, .keyForeign] && refusals.map { $0.values["line"] } == ["2", "5"])
    }

    @Test(arguments: [
        ("a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nb", "a\n\n\n\nb"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\nmore", "\n\n"), ("a\nb3Bl\n-----END OPENSSH PRIVATE KEY-----\nb", "\n\n\nb"),
        ("PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\nAAAA\nPrivate-MAC: 00\nb", "\n\n\n\nb"),
        ("> -----BEGIN OPENSSH PRIVATE KEY-----\n> b3Bl\n> -----END OPENSSH PRIVATE KEY-----\nb", "\n\n\nb"),
        ("-----BEGIN PGP PRIVATE KEY BLOCK-----\nlQ\n-----END PGP PRIVATE KEY BLOCK-----", "\n\n"),
        ("-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----", "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----"),
        ("\(bob)\n\n# whose", "\(bob)\n\n# whose"), ("", ""),
    ])
    func nothingOfAPrivateKeyIsLeftAndNothingElseIsTaken(text: String, left: String) {
        #expect(AuthorizedKey.withoutPrivateKeys(text) == left)
    }

    @Test func theRevisionFollowsWhatTheCustomerSetAndNotThePinnedKey() throws {
        let setting = try setting()
        var pinned = setting
        pinned.pinnedKey = nil
        pinned.acceptedAt = "2026-11-27T08:10:00Z"
        #expect(pinned.revision == setting.revision)
        pinned.user = "other"
        #expect(pinned.revision != setting.revision)
        #expect(pinned.differences(from: setting) == [.user])
    }
}
