import SSHCrypto
package import Support
import SystemCalls

/// Sends a body to a receiver by the stock program curl. Blocks: for a `BlockingExecutor`.
///
/// No shell, no file of the user's, nothing on the command line: address, signature and body go to curl's standard input, as lines of its
/// configuration. Redirects are not followed, and only http and https are spoken.
package struct WebhookDelivery: Sendable {
    /// What became of it.
    package enum Outcome: Hashable, Sendable {
        /// The receiver answered with a status of 200 to 299.
        case delivered
        /// It did not; the reason, printable.
        case failed(String)
    }

    /// Where Debian's package curl puts the program.
    package static let standardProgram = "/usr/bin/curl"
    /// Seconds until a connection must be there.
    static let connectTime = 5
    /// Seconds that a whole request may take: receivers are to take it and to work later.
    static let requestTime = 15
    /// Beyond that curl is not believed to end by itself.
    private static let grace = Duration.seconds(5)
    /// What is read of curl's complaint, bytes.
    private static let complaintBytes = 512

    /// curl's path.
    private let program: String
    private let secret: Secret<[UInt8]>
    private let userAgent: String

    /// - Parameters:
    ///   - secret: what receivers know too.
    ///   - userAgent: name and version of ours.
    package init(program: String = standardProgram, secret: Secret<[UInt8]>, userAgent: String) {
        self.program = program
        self.secret = secret
        self.userAgent = userAgent
    }

    /// Why nothing can be sent on this machine; `nil`: it can.
    package static func complaint(program: String = standardProgram) -> String? {
        Files.isExecutable(program) ? nil : "webhooks need the program \(program), which is not there: apt install curl"
    }

    /// The value of `Towline-Signature`: `t=SECONDS,v1=HMAC`, hexadecimal, over `SECONDS.BODY`.
    func signature(of body: [UInt8], at now: WallTime) -> String {
        let seconds = String(now.secondsSince1970)
        let code = hmacSHA256(Array("\(seconds).".utf8) + body, key: secret.exposed)
        return "t=\(seconds),v1=\(Hexadecimal.text(code))"
    }

    /// Sends `body`, which is JSON, and waits for the answer.
    package func send(_ body: [UInt8], to address: WebhookAddress, at now: WallTime) -> Outcome {
        do {
            let (input, output, complaints) = (try Ends(), try Ends(), try Ends())
            let process = try Processes.spawn(
                program, ["--disable", "--config", "-"], environment: ["PATH": "/usr/bin:/bin", "LC_ALL": "C"],
                descriptors: [0: input.reading, 1: output.writing, 2: complaints.writing], grouping: .ownGroup, deathSignal: .kill,
                gainsNoPrivileges: true)
            input.closeReading()
            output.closeWriting()
            complaints.closeWriting()
            // A curl that ended at once reads nothing: its complaint says why. What is written fits into the pipe.
            try? Files.writeAll(input.writing, Array(configuration(body, address, at: now).utf8))
            input.closeWriting()
            let deadline = MonotonicClock.now + .seconds(Self.requestTime) + Self.grace
            guard let end = process.wait(until: deadline) else {
                process.signalGroup(.kill)
                _ = process.wait()
                return .failed("curl did not end within \(Self.requestTime) s")
            }
            if end.isSuccess {
                let status = String(decoding: try Files.readAll(output.reading, limit: 16), as: UTF8.self)
                return status.count == 3 && status.first == "2"
                    ? .delivered : .failed("it answered with status \(Printable.escaped(status))")
            }
            let complaint = String(decoding: try Files.readAll(complaints.reading, limit: Self.complaintBytes), as: UTF8.self)
            let line = complaint.split(separator: "\n").first.map(String.init) ?? "curl ended with \(end)"
            return .failed(Printable.escaped(line.hasPrefix("curl: ") ? String(line.dropFirst(6)) : line))
        } catch {
            return .failed("\(error)")
        }
    }

    /// A pipe whose ends are closed one by one, at the latest with it.
    private final class Ends {
        private var ends: (reading: Int32?, writing: Int32?)

        init() throws(SystemError) {
            let raw = try Descriptor.pipe().release()
            ends = (raw.reading, raw.writing)
        }

        deinit {
            closeReading()
            closeWriting()
        }

        var reading: Int32 { ends.reading ?? -1 }
        var writing: Int32 { ends.writing ?? -1 }

        func closeReading() {
            if let raw = ends.reading { Descriptor.close(raw) }
            ends.reading = nil
        }

        func closeWriting() {
            if let raw = ends.writing { Descriptor.close(raw) }
            ends.writing = nil
        }
    }

    private func configuration(_ body: [UInt8], _ address: WebhookAddress, at now: WallTime) -> String {
        let lines = [
            "url = \(Self.quoted(address.url))",
            "proto = \"=http,https\"",
            "globoff",
            "silent",
            "show-error",
            "connect-timeout = \(Self.connectTime)",
            "max-time = \(Self.requestTime)",
            "output = \"/dev/null\"",
            "write-out = \"%{http_code}\"",
            "user-agent = \(Self.quoted(userAgent))",
            "header = \"Content-Type: application/json\"",
            "header = \"Towline-Signature: \(signature(of: body, at: now))\"",
            "header = \"Expect:\"",
            "data-raw = \(Self.quoted(String(decoding: body, as: UTF8.self)))",
        ]
        return lines.map { $0 + "\n" }.joined()
    }

    /// A value as curl's configuration has it. JSON and checked URLs hold no control characters.
    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}

/// What receivers know a request of ours by.
package enum WebhookSecret {
    /// The shortest in bytes: half of SHA-256's.
    static let shortest = 16
    /// The longest in bytes.
    static let longest = 4096

    /// Reads the file; white space at its end does not count.
    /// - Throws: one line that says what is wrong with it, without the secret.
    package static func read(_ path: String) throws(ConfigurationError) -> Secret<[UInt8]> {
        let name = "webhook-secret-file \(Printable.escaped(path))"
        var bytes: [UInt8]
        let status: FileStatus?
        do throws(SystemError) {
            bytes = try Files.read(path, limit: longest)
            status = try Files.status(path)
        } catch {
            throw ConfigurationError("\(name) cannot be read: \(error.reason)")
        }
        if let status, status.mode & 0o007 != 0 {
            throw ConfigurationError("\(name) may be read by everybody: chmod 640 it, or replace it if others have read it")
        }
        while let last = bytes.last, [0x0a, 0x0d, 0x20, 0x09].contains(last) { bytes.removeLast() }
        guard bytes.count >= shortest else {
            throw ConfigurationError("\(name) is too short: put at least \(shortest) random characters into it, as: openssl rand -hex 32")
        }
        return Secret(bytes)
    }
}
