package import Support

/// A reason that stands inside another message, where it is one of ours or a sentence of the system's that has words in every language.
///
/// Its English is exactly what stands in the gap `reason`, so that it is known again there. What others say in their own words, a relay or a
/// program, is none of these: it is shown as it is, between quotation marks.
package enum Reason: String, MessageCode {
    // Of connections.
    case noAnswer = "no-answer"
    case noReason = "no-reason"
    case closed
    case lostSilently = "lost-silently"
    case codeSpent = "code-spent"
    // Of proxies.
    case notSOCKS = "not-socks"
    case notHTTP = "not-http"
    case strangeSOCKSAnswer = "strange-socks-answer"
    case strangeHTTPAnswer = "strange-http-answer"
    case longAnswer = "long-answer"
    case forbiddenByProxy = "forbidden-by-proxy"
    case networkBehindProxy = "network-behind-proxy"
    case relayBehindProxy = "relay-behind-proxy"
    case refusedBehindProxy = "refused-behind-proxy"
    case silentBehindProxy = "silent-behind-proxy"
    case namesAtProxy = "names-at-proxy"
    // Of requests.
    case requestAbsent = "request-absent"
    case requestVersion = "request-version"
    case requestCutOff = "request-cut-off"
    case requestStrange = "request-strange"
    case requestDamaged = "request-damaged"
    case requestMalformed = "request-malformed"
    case requestForged = "request-forged"
    // Of accounts.
    case brokerAnswer = "broker-answer"
    case brokerGone = "broker-gone"
    case accountLost = "account-lost"
    // The system's own sentences.
    case connectionRefused = "connection-refused"
    case connectionReset = "connection-reset"
    case connectionTimedOut = "connection-timed-out"
    case noRoute = "no-route"
    case networkUnreachable = "network-unreachable"
    case namesUnavailable = "names-unavailable"
    case noSpace = "no-space"
    case quota
    case readOnly = "read-only"
    case forbidden
    case absent
    case inputOutput = "input-output"
    case tooManyFiles = "too-many-files"
    case noMemory = "no-memory"

    /// What is said, see `MessageCode.english`.
    package var english: String {
        switch self {
        case .noAnswer: "it does not answer"
        case .noReason: "it gives no reason"
        case .closed: "it closed the connection"
        case .lostSilently: "it did not answer for more than a minute"
        case .codeSpent: "it was used already, has expired or was cancelled"
        case .notSOCKS: "it is no SOCKS 5 proxy"
        case .notHTTP: "it is no HTTP proxy"
        case .strangeSOCKSAnswer: "its answer is none that SOCKS 5 has"
        case .strangeHTTPAnswer: "its answer is none that HTTP has"
        case .longAnswer: "its answer is too long"
        case .forbiddenByProxy: "its rules do not allow it"
        case .networkBehindProxy: "the network cannot be reached"
        case .relayBehindProxy: "the relay cannot be reached"
        case .refusedBehindProxy: "the relay refuses connections"
        case .silentBehindProxy: "the relay does not answer"
        case .namesAtProxy: "it does not connect to names"
        case .requestAbsent: "it begins with towline:1: and has about 300 characters; copy the whole line from the mail"
        case .requestVersion:
            "it is of version {version}, which this program does not know: update this program, or type the values instead"
        case .requestCutOff: "it is cut off after {has} of {of} characters; copy the whole line from the mail"
        case .requestStrange: "{character} does not belong into it; copy the line from the mail again"
        case .requestDamaged: "some characters were changed on the way; copy it again, or ask support to send it again"
        case .requestMalformed: "it is not complete; ask support for another one"
        case .requestForged: "the relay's signature in it is wrong; ask support for another one"
        case .brokerAnswer: "its answer does not fit"
        case .brokerGone: "the account broker is gone"
        case .accountLost: "it was created but cannot be found"
        case .connectionRefused: "Connection refused"
        case .connectionReset: "Connection reset by peer"
        case .connectionTimedOut: "Connection timed out"
        case .noRoute: "No route to host"
        case .networkUnreachable: "Network is unreachable"
        case .namesUnavailable: "Temporary failure in name resolution"
        case .noSpace: "No space left on device"
        case .quota: "Disk quota exceeded"
        case .readOnly: "Read-only file system"
        case .forbidden: "Permission denied"
        case .absent: "No such file or directory"
        case .inputOutput: "Input/output error"
        case .tooManyFiles: "Too many open files"
        case .noMemory: "Cannot allocate memory"
        }
    }

    private static let known = Dictionary(uniqueKeysWithValues: allCases.map { ($0.english, $0) })

    /// The reason that `text` is; nil if it is none that has words in other languages.
    package init?(_ text: String) {
        guard let reason = Self.known[text] else { return nil }
        self = reason
    }
}

/// A message that stands in the gap `reason` of another one, by its name and its values: so that it is said in the reader's language too.
package struct Cause: Hashable, Codable, Sendable {
    /// One of `TerminalMessages`.
    package let key: String
    /// What goes into its gaps; safe on a screen.
    package let values: [String: String]

    /// A reason of ours.
    package init(_ reason: Reason, _ values: [String: String] = [:]) {
        key = "reason.\(reason.rawValue)"
        self.values = values
    }

    /// What failed on the way to the relay.
    package init(_ failure: TunnelFailure) {
        key = "failure.\(failure.code.rawValue)"
        values = failure.values
    }

    /// Something that was refused.
    package init(_ refusal: Refusal) {
        key = "refusal.\(refusal.code.rawValue)"
        values = refusal.values
    }

    /// Why a text holds no request.
    package init(_ error: RequestLineError) {
        switch error {
        case .absent: self.init(.requestAbsent)
        case .version(let version): self.init(.requestVersion, ["version": Printable.escaped(version)])
        case .cutOff(let has, let of): self.init(.requestCutOff, ["has": "\(has)", "of": "\(of)"])
        case .strangeCharacter(let character): self.init(.requestStrange, ["character": Printable.escaped(character)])
        case .damaged: self.init(.requestDamaged)
        case .malformed: self.init(.requestMalformed)
        }
    }

    /// In English: what stands in the gap.
    package var sentence: String { MessageGaps.filled(TerminalMessages.english[key] ?? key, values) }
}
