import CLinux

extension Files {
    /// Gives two files each other's name, in one step: after a crash too, each of both is there under one of the names.
    package static func exchange(_ one: String, _ other: String) throws(SystemError) {
        try checkPath(one, "renameat2")
        try checkPath(other, "renameat2")
        _ = try retrying("renameat2", one) { clinux_exchange_names(one, other) }
    }
}
