/// Why a request is answered by the server itself.
enum RequestFault: Error, Hashable, Sendable, CaseIterable {
    /// The header can be read in more than one way: who reads it differently than we do would see another request.
    case ambiguousFraming
    /// The target is no path.
    case badTarget
    /// There can be nothing at this path.
    case noSuchPath
    /// Neither HTTP/1.0 nor HTTP/1.1.
    case badVersion
    /// The body would have no declared length.
    case lengthRequired
    /// The body is larger than the limit.
    case tooLarge
    /// The handler did not answer in time, or too many streams are open.
    case busy
    /// The handler's answer cannot be sent as it is.
    case brokenAnswer

    /// What the peer is told.
    var response: HTTPResponse {
        switch self {
        case .ambiguousFraming: .text("Bad request.\n", status: 400)
        case .badTarget: .text("Bad request: the address cannot be read.\n", status: 400)
        case .noSuchPath: .text("Not found.\n", status: 404)
        case .badVersion: .text("Only HTTP/1.1 is spoken here.\n", status: 505)
        case .lengthRequired: .text("Send the body with a Content-Length.\n", status: 411)
        case .tooLarge: .text("The request is too large.\n", status: 413)
        case .busy: .text("Busy. Try again in a moment.\n", status: 503)
        case .brokenAnswer: .text("The answer could not be sent.\n", status: 500)
        }
    }
}
