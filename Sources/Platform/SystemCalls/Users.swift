import CLinux
import Glibc

/// An account of this machine.
package struct UserRecord: Hashable, Sendable {
    /// The login name.
    package let name: String
    /// Its number.
    package let user: UInt32
    /// The number of its primary group.
    package let group: UInt32
    /// Its home folder.
    package let home: String
    /// Its login shell; empty means `/bin/sh`.
    package let shell: String
    /// Its full name or purpose (GECOS); may be empty.
    package let comment: String
}

/// Asks the account databases (files, LDAP, …: whatever the machine is set up with). May block: not on a loop.
package enum Users {
    /// The effective user of this process.
    package static var effectiveUser: UInt32 { geteuid() }

    /// The effective group of this process.
    package static var effectiveGroup: UInt32 { getegid() }

    /// The account named `name`; `nil` if there is none, which is not an error.
    package static func lookup(name: String) throws(SystemError) -> UserRecord? {
        if name.utf8.contains(0) { return nil }  // C would see only what stands before it
        return try ask("getpwnam", name) { getpwnam_r(name, $0, $1, $2, $3) }
    }

    /// The account with number `user`; `nil` if there is none.
    package static func lookup(user: UInt32) throws(SystemError) -> UserRecord? {
        try ask("getpwuid", "\(user)") { getpwuid_r(user, $0, $1, $2, $3) }
    }

    /// The number of the group named `name`; `nil` if there is none.
    package static func group(name: String) throws(SystemError) -> UInt32? {
        if name.utf8.contains(0) { return nil }  // C would see only what stands before it
        return try growing("getgrnam", name) { room, size in
            var record = Glibc.group()
            var found: UnsafeMutablePointer<Glibc.group>?
            let status = getgrnam_r(name, &record, room, size, &found)
            return (status, found == nil ? nil : record.gr_gid)
        }
    }

    /// All groups of `account`, its primary one included; at most 65536 (the kernel's limit).
    package static func groups(of account: UserRecord) -> [UInt32] {
        var capacity: Int32 = 64
        while capacity <= 65_536 {
            var groups = [gid_t](repeating: 0, count: Int(capacity))
            var count = capacity
            if getgrouplist(account.name, account.group, &groups, &count) >= 0 { return Array(groups.prefix(Int(count))) }
            capacity *= 4
        }
        return [account.group]
    }

    private static func ask(
        _ call: StaticString, _ subject: String,
        _ body: (
            UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int, UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
        ) -> Int32
    ) throws(SystemError) -> UserRecord? {
        try growing(call, subject) { room, size in
            var record = passwd()
            var found: UnsafeMutablePointer<passwd>?
            let status = body(&record, room, size, &found)
            guard status == 0, found != nil else { return (status, nil) }
            return (
                status,
                UserRecord(
                    name: text(record.pw_name), user: record.pw_uid, group: record.pw_gid, home: text(record.pw_dir),
                    shell: text(record.pw_shell), comment: text(record.pw_gecos))
            )
        }
    }

    private static func text(_ pointer: UnsafeMutablePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "" }

    /// Repeats `body` with more room, 1 MiB at most, until the answer fits.
    private static func growing<Answer>(
        _ call: StaticString, _ subject: String, _ body: (UnsafeMutablePointer<CChar>, Int) -> (Int32, Answer?)
    ) throws(SystemError) -> Answer? {
        var size = 4096
        while true {
            let room = UnsafeMutablePointer<CChar>.allocate(capacity: size)
            defer { room.deallocate() }
            let (status, answer) = body(room, size)
            switch status {
            // getpwnam(3): these, too, are ways to say "there is none".
            case 0, ENOENT, ESRCH, EPERM: return answer
            case EINTR: continue
            case ERANGE where size < 1 << 20: size *= 4
            default: throw SystemError(errno: status, call: call.description, subject: subject)
            }
        }
    }
}

/// Limits of this process.
package enum Limits {
    /// How many descriptors may be open: the limit in force, and how far it may be raised.
    package static var descriptors: (soft: UInt64, hard: UInt64) {
        var soft: UInt64 = 0
        var hard: UInt64 = 0
        precondition(clinux_descriptor_limit(&soft, &hard) == 0, "the kernel knows this limit")
        return (soft, hard)
    }

    /// Sets the limit in force, at most the hard one.
    package static func setDescriptors(_ soft: UInt64) throws(SystemError) {
        _ = try retrying("setrlimit") { clinux_set_descriptor_limit(soft) }
    }

    /// Raises the limit in force as far as allowed, and returns it. A daemon does this first.
    @discardableResult
    package static func raiseDescriptors() -> UInt64 {
        let (soft, hard) = descriptors
        guard soft < hard else { return soft }
        // Refused only where the kernel's own cap is below the hard limit; what is in force then is the honest answer.
        try? setDescriptors(hard)
        return descriptors.soft
    }
}
