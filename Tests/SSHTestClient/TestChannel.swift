/// One channel as the test client sees it. Everything may be read; what to lie about is the test's choice.
package final class TestChannel {
    /// Our number, and the type it was opened with.
    package let number: UInt32
    package let type: String
    /// The server's number, once it is confirmed.
    package internal(set) var peer: UInt32?
    /// Why it was refused.
    package internal(set) var refusal: (code: UInt32, sentence: String)?

    /// Bytes we may send, and the longest piece.
    package var sendWindow: UInt32 = 0
    package internal(set) var sendPacket: UInt32 = 0
    /// Bytes the server may send: more is the server's fault, and `receive` throws.
    package internal(set) var receiveWindow: UInt32
    /// What `receiveWindow` is kept near, if the client grants windows by itself.
    package let window: UInt32

    /// What came in and was not taken yet.
    package internal(set) var bytes: [UInt8] = []
    package internal(set) var errorBytes: [UInt8] = []
    /// All the bytes that ever came in.
    package internal(set) var receivedCount = 0
    package internal(set) var hasEnded = false
    /// Whether the server, or we, sent CLOSE.
    package internal(set) var isClosedByServer = false
    package internal(set) var isClosedByUs = false
    package internal(set) var exitStatus: UInt32?
    /// Answers to our requests, in order.
    package internal(set) var answers: [Bool] = []
    /// For a channel that the server opened: its fields behind the common ones.
    package internal(set) var openedWith: [UInt8] = []

    init(number: UInt32, type: String, window: UInt32) {
        self.number = number
        self.type = type
        self.window = window
        receiveWindow = window
    }

    /// Takes what came in.
    package func takeBytes() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }
}
