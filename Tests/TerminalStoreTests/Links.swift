import Glibc

/// Symbolic links, which only tests make.
enum Links {
    static func make(_ path: String, to target: String) throws {
        struct Failed: Error {}
        if symlink(target, path) != 0 { throw Failed() }
    }
}
