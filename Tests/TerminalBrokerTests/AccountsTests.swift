import SSHKeys
import Support
import SystemCalls
import TerminalCore
import Testing

@testable import TerminalBroker

/// Accounts and the list that says which are ours, when something ends in the middle. As root only: they are real accounts.
@Suite(.serialized, .enabled(if: Users.effectiveUser == 0)) struct AccountsTests {
    private static let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAoYTzW9WVEk9Yk+ZLYjWhfJX8R6SgZf0NsPnL25VM3M bob@support"

    /// A broker's folder, a login user that no other test has, and a `useradd` of ours.
    private func withAccounts(useradd: String, _ body: (BrokerConfiguration, LoginUser) throws -> Void) throws {
        let folder = try Files.makeTemporaryDirectory()
        // A folder that stays is no reason to fail.
        defer { try? Files.removeTree(folder) }
        let broker = "\(folder)/broker"
        try Files.makeDirectory(broker, mode: 0o711)
        try Files.writeAtomically("\(folder)/useradd", Array("#!/bin/sh\n\(useradd)\n".utf8), mode: 0o755)
        var configuration = BrokerConfiguration(folder: broker, isRoot: true, endsStrays: false)
        configuration.system.useradd = "\(folder)/useradd"
        _ = try BrokerFolder.prepare(configuration)
        let name = try LoginName(parsing: "tlacct\(UInt32.random(in: 0...99_999))")
        defer { _ = try? Tool.run("/usr/sbin/userdel", ["--remove", "\(name)"]) }  // mostly gone already
        try body(configuration, LoginUser(name: name, keys: [try AuthorizedKey(line: Self.key)], access: .standard))
    }

    private func accounts(_ configuration: BrokerConfiguration, useradd: String? = nil) throws -> Accounts {
        var configuration = configuration
        if let useradd { configuration.system.useradd = useradd }
        return try Accounts(configuration, log: Log(threshold: .error))
    }

    @Test func anAccountThatWasMadeJustBeforeACrashIsStillOurs() throws {
        // The account is made, and what follows is not done: as when the power fails.
        try withAccounts(useradd: "/usr/sbin/useradd \"$@\"; exit 1") { configuration, user in
            let refused = try accounts(configuration).apply([user], ending: { _ in })
            #expect(refused.map(\.refusal.code) == [.accountNotCreated])
            let made = try #require(try Users.lookup(name: "\(user.name)"))

            let next = try accounts(configuration, useradd: "/usr/sbin/useradd")
            #expect(next.apply([user], ending: { _ in }).isEmpty)
            #expect(next.createdUsers == [made.user] && next.admitted == [user.name])
            #expect(next.apply([], ending: { _ in }).isEmpty)
            #expect(try Users.lookup(name: "\(user.name)") == nil)
        }
    }

    @Test func anAccountThatWasMadeJustBeforeACrashGoesWithItsLoginUser() throws {
        try withAccounts(useradd: "/usr/sbin/useradd \"$@\"; exit 1") { configuration, user in
            _ = try accounts(configuration).apply([user], ending: { _ in })
            #expect(try accounts(configuration).apply([], ending: { _ in }).isEmpty)
            #expect(try Users.lookup(name: "\(user.name)") == nil)
        }
    }

    @Test func anAccountThatSomebodyElseMadeAfterAFailureIsLeftAlone_Z05() throws {
        try withAccounts(useradd: "echo no room >&2; exit 1") { configuration, user in
            let refused = try accounts(configuration).apply([user], ending: { _ in })
            #expect(refused.first?.refusal.message.contains("no room") == true)
            _ = try Tool.run("/usr/sbin/useradd", ["--comment", "Somebody", "\(user.name)"])
            let next = try accounts(configuration, useradd: "/usr/sbin/useradd")
            #expect(next.apply([user], ending: { _ in }).map(\.refusal.code) == [.accountExists])
            #expect(next.apply([], ending: { _ in }).isEmpty)
            #expect(try Users.lookup(name: "\(user.name)") != nil)
        }
    }
}
