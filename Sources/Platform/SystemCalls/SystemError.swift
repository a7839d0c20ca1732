import CLinux
import Glibc

/// A system call that the kernel refused: which one, why, and on what.
///
/// `EINTR` never appears here (the call was repeated); `EBADF` and `EFAULT` end the program at once, because they prove that a
/// descriptor or a buffer outlived its owner.
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The error number, such as `EADDRINUSE`.
    package let errno: Int32
    /// The call's name, such as `bind`.
    package let call: String
    /// The path, address or account that it was about, where there is one.
    package let subject: String?

    /// An error with its parts given.
    ///
    /// Traps on `EBADF` and `EFAULT`.
    package init(errno: Int32, call: String, subject: String? = nil) {
        precondition(errno != EBADF && errno != EFAULT, "\(call): the descriptor or buffer is no longer ours")
        self.errno = errno
        self.call = call
        self.subject = subject
    }

    /// The kernel's sentence, such as `Address already in use`.
    package var reason: String {
        clinux_error_sentence(errno).map { String(cString: $0) } ?? "error \(errno)"
    }

    /// `bind 127.0.0.1:22: Address already in use`, or without the subject where there is none.
    package var description: String {
        subject.map { "\(call) \(Log.escaped($0)): \(reason)" } ?? "\(call): \(reason)"
    }
}

extension SystemError {
    /// What an error number means to somebody who has to decide what to do next.
    package enum Kind: Sendable {
        /// There is no such thing (`ENOENT`, `ENOTDIR`).
        case absent
        /// Our rights do not suffice (`EACCES`, `EPERM`).
        case forbidden
        /// It exists already (`EEXIST`).
        case exists
        /// The address is taken (`EADDRINUSE`).
        case inUse
        /// Nobody listens there (`ECONNREFUSED`).
        case refused
        /// The other side is gone (`EPIPE`, `ECONNRESET`, `ETIMEDOUT`).
        case disconnected
        /// There is no way to it now (`ENETUNREACH`, `EHOSTUNREACH`, `ENETDOWN`, `EADDRNOTAVAIL`).
        case unreachable
        /// Not now (`EAGAIN`).
        case busy
        /// Descriptors, memory or disk have run out (`EMFILE`, `ENFILE`, `ENOMEM`, `ENOBUFS`, `ENOSPC`, `EDQUOT`).
        case exhausted
        /// Anything else.
        case other
    }

    /// The meaning of `errno`.
    package var kind: Kind {
        switch errno {
        case ENOENT, ENOTDIR: .absent
        case EACCES, EPERM: .forbidden
        case EEXIST: .exists
        case EADDRINUSE: .inUse
        case ECONNREFUSED: .refused
        case EPIPE, ECONNRESET, ETIMEDOUT: .disconnected
        case ENETUNREACH, EHOSTUNREACH, ENETDOWN, EADDRNOTAVAIL: .unreachable
        case EAGAIN: .busy
        case EMFILE, ENFILE, ENOMEM, ENOBUFS, ENOSPC, EDQUOT: .exhausted
        default: .other
        }
    }
}

/// Calls `body` until a signal no longer interrupts it.
///
/// - Returns: what it returned, at least 0.
@inline(__always)
func retrying<Result: SignedInteger>(
    _ call: StaticString, _ subject: String? = nil, _ body: () -> Result
) throws(SystemError) -> Result {
    while true {
        let result = body()
        if result >= 0 { return result }
        let code = errno
        if code != EINTR { throw SystemError(errno: code, call: call.description, subject: subject) }
    }
}
