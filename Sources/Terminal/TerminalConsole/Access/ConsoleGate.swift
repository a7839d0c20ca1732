package import HTTPServer
import SystemCalls

/// What every request passes before a page sees it, and every answer on its way out: that the browser means this console, that one of its
/// own pages asks for a change, and that the browser guards what it gets.
///
/// Who is signed in is not asked here but by the pages (`Access.session`): these rules hold for everybody, and come first.
package struct ConsoleGate: Sendable {
    /// Names by which browsers may call this console, in lower case, without port.
    private let names: Set<String>
    private let access: Access
    private let isChange: @Sendable (HTTPRequest) -> Bool

    /// A gate for a console.
    ///
    /// - Parameters:
    ///   - names: host names that lead to this machine: its own and those that the customer allowed. `localhost` and IP addresses need not
    ///     be among them: a page of somebody else's cannot have such an address (DNS rebinding needs a name).
    ///   - access: whose sessions' streams end with them.
    ///   - isChange: whether there is anything that a request of an unsafe method would change. What is not there (404) and what cannot be
    ///     done to it (405) changes nothing, whoever asks.
    package init(names: [String], access: Access, isChange: @escaping @Sendable (HTTPRequest) -> Bool) {
        self.names = Set(names.map { $0.lowercased() } + ["localhost"])
        self.access = access
        self.isChange = isChange
    }

    /// Answers a request by `handler` if it may pass.
    package func answer(_ request: HTTPRequest, _ handler: HTTPHandler) async -> HTTPResponse {
        var response: HTTPResponse
        if let refusal = refusal(of: request) { response = refusal } else { response = await handler(request) }
        if case .events(let events) = response.body, let session = await access.session(of: request) {
            response.body = .events(await access.bind(events, to: session))
        }
        return Self.guarded(response)
    }

    // MARK: Who asks

    /// The answer to a request that may not pass; `nil` for one that may.
    ///
    /// - 421 for a host that is not this console (W02: a name of an attacker's that leads to our address).
    /// - 403 for a change that none of our own pages asks for. Browsers say where a request comes from in `Sec-Fetch-Site` or `Origin`; a
    ///   program that says neither must send JSON, which no form can without asking first.
    func refusal(of request: HTTPRequest) -> HTTPResponse? {
        guard names.contains(request.host) || IPAddress(request.host) != nil else {
            return .text(
                "This console does not answer to the name \(Log.escaped(request.host)).\nOpen it by its IP address and add the name there: "
                    + "System, Host names.\n\nこの名前では管理画面を開けません。IP アドレスで開き、「システム」でホスト名を追加してください。\n", status: 421)
        }
        guard !request.method.isSafe, isChange(request), !comesFromUs(request) else { return nil }
        return .text(
            "This change was not asked for by a page of this console, so it was not made.\n"
                + "Open the console in a new window and try again.\n\n管理画面以外からの変更要求のため、実行しませんでした。\n", status: 403)
    }

    private func comesFromUs(_ request: HTTPRequest) -> Bool {
        let (site, origin) = (request.header("Sec-Fetch-Site"), request.header("Origin"))
        if let site, site.lowercased() != "same-origin" { return false }
        if let origin { return origin.lowercased() == "\(request.isSecure ? "https" : "http")://\(request.authority)" }
        return site != nil || request.contentType == "application/json"
    }

    // MARK: What browsers may do with answers

    /// Nothing but our own files, no scripts or styles within pages, no frame around them; forms lead back to us.
    static let contentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

    /// Fields of every answer. `same-origin`, not `no-referrer`: with that, browsers call our own forms' origin `null`.
    static let guards: [(name: String, value: String)] = [
        ("Content-Security-Policy", contentSecurityPolicy), ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "same-origin"), ("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ]

    /// `response` with the guards, and not kept by caches unless it says otherwise.
    static func guarded(_ response: HTTPResponse) -> HTTPResponse {
        var response = response
        for (name, value) in guards { response.setHeader(name, value) }
        if response.header("Cache-Control") == nil { response.setHeader("Cache-Control", "no-store") }
        return response
    }
}
