import SSHKeys

/// The words with which a proxy is asked to connect to the relay, and what its answers mean: HTTP `CONNECT` (RFC 9110 §9.3.6) or SOCKS 5
/// (RFC 1928, RFC 1929).
///
/// Pure: it says what to send and how many bytes to read next, so that nothing that the relay says behind the proxy's answer is read by
/// mistake.
package struct ProxyDialog: Sendable {
    /// What the driver has to do next.
    package enum Step: Hashable, Sendable {
        /// Send these bytes, then read so many and hand them to `received(_:)`.
        case send([UInt8], thenRead: Int)
        /// Read so many bytes more.
        case read(Int)
        /// What comes from now on is the relay's.
        case connected
        /// It will not connect.
        case failed(Failure)
    }

    /// Why a proxy does not connect.
    package enum Failure: Error, Hashable, Sendable {
        /// It wants to know who we are, or does not like who we say we are.
        case credentials
        /// It says why not, in its words or the standard's.
        case refused(String)
    }

    /// The longest head of an HTTP answer that is read, in bytes: what web servers allow for all their fields.
    package static let maximumHead = 16 * 1024

    private enum State {
        case begin
        case httpHead
        case socksMethod
        case socksCredentials
        case socksReply
        case socksLength
        case socksRest
        case over
    }

    private let proxy: ProxySetting
    private let host: String
    private let port: UInt16
    private var state = State.begin
    /// What came of an HTTP answer.
    private var head: [UInt8] = []

    /// A dialog with `proxy` about a connection to `host`, which the proxy resolves.
    package init(proxy: ProxySetting, host: String, port: UInt16) {
        self.proxy = proxy
        self.host = host
        self.port = port
    }

    /// The first step; once.
    package mutating func begin() -> Step {
        switch proxy.kind {
        case .http:
            state = .httpHead
            let target = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
            var head = "CONNECT \(target) HTTP/1.1\r\nHost: \(target)\r\n"
            if let user = proxy.user {
                let credentials = Base64.encode(Array("\(user):\(proxy.password ?? "")".utf8), isPadded: true)
                head += "Proxy-Authorization: Basic \(credentials)\r\n"
            }
            return .send(Array((head + "\r\n").utf8), thenRead: 1)
        case .socks5:
            state = .socksMethod
            // Version 5; methods: none, and user name with password where there is one.
            return .send(proxy.user == nil ? [5, 1, 0] : [5, 2, 0, 2], thenRead: 2)
        }
    }

    /// Takes exactly the bytes that were to be read.
    package mutating func received(_ bytes: [UInt8]) -> Step {
        switch state {
        case .httpHead:
            head += bytes
            return readHead()
        case .socksMethod:
            guard bytes[0] == 5 else { return fail(.refused(Reason.notSOCKS.english)) }
            switch bytes[1] {
            case 0: return connectSOCKS()
            case 2:
                guard let user = proxy.user else { return fail(.credentials) }
                state = .socksCredentials
                let (name, word) = (Array(user.utf8), Array((proxy.password ?? "").utf8))
                return .send([1, UInt8(name.count)] + name + [UInt8(word.count)] + word, thenRead: 2)
            default: return fail(.credentials)
            }
        case .socksCredentials: return bytes[1] == 0 ? connectSOCKS() : fail(.credentials)
        case .socksReply:
            guard bytes[0] == 5 else { return fail(.refused(Reason.notSOCKS.english)) }
            guard bytes[1] == 0 else { return fail(.refused(Self.words(bytes[1]))) }
            // The address that it bound follows: of no interest, but of three lengths.
            switch bytes[3] {
            case 1: return rest(4 + 2)
            case 4: return rest(16 + 2)
            case 3:
                state = .socksLength
                return .read(1)
            default: return fail(.refused(Reason.strangeSOCKSAnswer.english))
            }
        case .socksLength: return rest(Int(bytes[0]) + 2)
        case .socksRest:
            state = .over
            return .connected
        case .begin, .over: preconditionFailure("bytes that nobody asked for")
        }
    }

    private mutating func rest(_ count: Int) -> Step {
        state = .socksRest
        return .read(count)
    }

    private mutating func fail(_ failure: Failure) -> Step {
        state = .over
        return .failed(failure)
    }

    private mutating func connectSOCKS() -> Step {
        state = .socksReply
        let name = Array(host.utf8)
        // Version 5, CONNECT, reserved, address of type "name": the proxy resolves it.
        let request: [UInt8] = [5, 1, 0, 3, UInt8(name.count)] + name + [UInt8(port >> 8), UInt8(port & 0xff)]
        return .send(request, thenRead: 4)
    }

    /// Reads byte by byte until the empty line: what follows is the relay's.
    private mutating func readHead() -> Step {
        if head.count >= 5, !head.starts(with: Array("HTTP/".utf8)) { return fail(.refused(Reason.notHTTP.english)) }
        // `elementsEqual`, not `==` with an array: that would take the suffix by walking through all there is.
        guard head.suffix(4).elementsEqual([13, 10, 13, 10]) || head.suffix(2).elementsEqual([10, 10]) else {
            if head.count >= Self.maximumHead { return fail(.refused(Reason.longAnswer.english)) }
            return .read(1)
        }
        // `HTTP/1.1 200 Connection established`
        let line = String(decoding: head.prefix { $0 != 13 && $0 != 10 }, as: UTF8.self)
        let status = line.split(separator: " ", maxSplits: 1).dropFirst().first.map(String.init) ?? ""
        switch status.prefix(3) {
        case "200"..."299":
            state = .over
            return .connected
        case "407": return fail(.credentials)
        default: return fail(.refused(status.isEmpty ? Reason.strangeHTTPAnswer.english : status))
        }
    }

    /// RFC 1928 §6.
    private static func words(_ reply: UInt8) -> String {
        switch reply {
        case 2: Reason.forbiddenByProxy.english
        case 3: Reason.networkBehindProxy.english
        case 4: Reason.relayBehindProxy.english
        case 5: Reason.refusedBehindProxy.english
        case 6: Reason.silentBehindProxy.english
        case 7, 8: Reason.namesAtProxy.english
        default: "SOCKS failure \(reply)"
        }
    }
}

/// What the program that connects through the proxy tells on standard error, between the lines of the ssh that started it.
package enum ProxyNotice: Hashable, Sendable {
    /// It connects to the proxy.
    case connecting
    /// The relay is at the other end.
    case connected
    /// The proxy itself cannot be reached.
    case unreachable(reason: String)
    /// The proxy will not connect.
    case refused(reason: String)
    /// The proxy wants other credentials.
    case credentials

    private static let prefix = "towline-proxy: "

    /// The line, without its end.
    package var line: String {
        let words =
            switch self {
            case .connecting: "connecting"
            case .connected: "connected"
            case .unreachable(let reason): "unreachable \(reason)"
            case .refused(let reason): "refused \(reason)"
            case .credentials: "credentials"
            }
        return Self.prefix + words
    }

    /// From a line; nil if it is another one.
    package init?(line: String) {
        guard line.hasPrefix(Self.prefix) else { return nil }
        let parts = line.dropFirst(Self.prefix.count).split(separator: " ", maxSplits: 1).map(String.init)
        let reason = parts.count > 1 ? parts[1] : ""
        switch parts.first {
        case "connecting": self = .connecting
        case "connected": self = .connected
        case "unreachable": self = .unreachable(reason: reason)
        case "refused": self = .refused(reason: reason)
        case "credentials": self = .credentials
        default: return nil
        }
    }
}

/// What the program that connects through the proxy has to know: travels in its environment, which only its own account can read.
package struct ProxyErrand: Codable, Sendable {
    /// The proxy, with credentials.
    package var proxy: ProxySetting
    /// The relay's host.
    package var host: String
    /// The relay's port.
    package var port: UInt16

    /// The environment variable that carries it, as JSON.
    package static let variable = "TOWLINE_PROXY"
    /// How long reaching the proxy may take, and how long its answer may.
    package static let patience = Duration.seconds(10)

    /// An errand with its parts given.
    package init(proxy: ProxySetting, host: String, port: UInt16) {
        self.proxy = proxy
        self.host = host
        self.port = port
    }
}
