import Glibc

/// Symbolic links, which only tests read.
enum Links {
    static func target(_ path: String) -> String {
        var room = [UInt8](repeating: 0, count: 256)
        let length = room.withUnsafeMutableBytes { buffer in
            buffer.baseAddress.map { readlink(path, $0.assumingMemoryBound(to: CChar.self), buffer.count) } ?? 0
        }
        return length > 0 ? String(decoding: room.prefix(length), as: UTF8.self) : ""
    }
}
