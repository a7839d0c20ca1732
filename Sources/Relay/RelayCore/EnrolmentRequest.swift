package import SSHKeys
package import Support

/// A support request that is not over: its code waits to be used, or a key waits for approval. At most one a terminal.
package struct EnrolmentRequest: Hashable, Sendable {
    /// A key that came with the code.
    package struct Candidate: Hashable, Sendable {
        /// The key, which proved itself.
        package let key: PublicKey
        /// Where it came from, as `address:port`.
        package let source: String
        /// When.
        package let at: WallTime

        /// A candidate from its parts.
        package init(key: PublicKey, source: String, at: WallTime) {
            self.key = key
            self.source = source
            self.at = at
        }
    }

    /// Which terminal's.
    package let terminal: TerminalID
    /// Who asked for it, as a name of that time: staff, or an operator for staff.
    package let requestedBy: String
    /// The member of staff whose keys are on the sheet; `nil`: removed since.
    package let staff: StaffID?
    /// The login user on the sheet.
    package let login: LoginName
    /// What it is for; one line, may be empty.
    package let purpose: String
    /// SHA-256 of the code's bytes. The code itself is known to whoever has the sheet.
    package let codeDigest: [UInt8]
    /// When it was made.
    package let createdAt: WallTime
    /// From when on the code is no longer taken.
    package let expiresAt: WallTime
    /// Whether the first key that comes with the code is the terminal's at once.
    package let approvesItself: Bool
    /// The key that waits for approval; `nil`: the code was not used yet.
    package let candidate: Candidate?

    /// A request from its parts.
    package init(
        terminal: TerminalID, requestedBy: String, staff: StaffID?, login: LoginName, purpose: String, codeDigest: [UInt8],
        createdAt: WallTime, expiresAt: WallTime, approvesItself: Bool, candidate: Candidate? = nil
    ) {
        self.terminal = terminal
        self.requestedBy = requestedBy
        self.staff = staff
        self.login = login
        self.purpose = purpose
        self.codeDigest = codeDigest
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.approvesItself = approvesItself
        self.candidate = candidate
    }

    /// Whether its code may still be used at `moment`.
    package func isOpen(at moment: WallTime) -> Bool { candidate == nil && moment < expiresAt }
}

/// Why a join code that was one is none any more.
package enum SpentCode: String, Hashable, Sendable {
    /// A key came with it, or its request was answered by a key that was mailed.
    case used
    /// Nobody used it in time.
    case expired
    /// Its request was cancelled, or a newer one took its place.
    case cancelled

    /// What whoever presents it is told: one printable line. They have the sheet, or had it: a code cannot be guessed.
    package var sentence: String {
        switch self {
        case .used: "this join code was used already, and works once: ask support for a new request"
        case .expired: "this join code has expired: ask support for a new request"
        case .cancelled: "this join code was cancelled by support, or a newer request took its place: ask them for a new one"
        }
    }
}

/// A request to be: what `request new` asks the ledger for.
package struct RequestOrder: Hashable, Sendable {
    /// For which terminal; it is added if there is none of this name.
    package let terminal: TerminalName
    /// Whose keys are on the sheet, and who gets a grant unless they reach the terminal anyway.
    package let staff: StaffName
    /// The login user on the sheet.
    package let login: LoginName
    /// What it is for; one printable line, may be empty.
    package let purpose: String
    /// SHA-256 of the code.
    package let codeDigest: [UInt8]
    /// From when on the code is no longer taken.
    package let expiresAt: WallTime
    /// Whether the first key with the code needs no approval. Refused for a terminal that has a key.
    package let approvesItself: Bool

    /// An order from its parts.
    package init(
        terminal: TerminalName, staff: StaffName, login: LoginName, purpose: String, codeDigest: [UInt8], expiresAt: WallTime,
        approvesItself: Bool
    ) {
        self.terminal = terminal
        self.staff = staff
        self.login = login
        self.purpose = purpose
        self.codeDigest = codeDigest
        self.expiresAt = expiresAt
        self.approvesItself = approvesItself
    }
}

/// What became of a key that came with a join code.
package enum Enrolment: Hashable, Sendable {
    /// It waits for approval; also when it comes again.
    case waiting(TerminalName)
    /// It is the terminal's key now.
    case active(TerminalID)
    /// The code is not, or no longer, to be used, or the key belongs to somebody: one answer for all.
    case refused
}

/// Takes keys that come with a join code.
package protocol Enroller: Sendable {
    /// Uses a code for a key that proved itself. Once, whoever else tries at the same time.
    ///
    /// When it answers `.active`, the running switch already decides by the new key.
    /// - Parameters:
    ///   - codeDigest: SHA-256 of the code that was presented.
    ///   - source: the peer as `address:port`.
    func enrol(_ key: PublicKey, codeDigest: [UInt8], source: String) async -> Enrolment
}
