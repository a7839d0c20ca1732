import Glibc

/// The program text of this process that is in memory.
package enum ResidentText {
    /// Lets go of what only the start needed; to be called once, when the program has settled.
    ///
    /// What is touched again is mapped again from the page cache, from now on page by page: the kernel maps sixteen pages around each that
    /// is touched, and a daemon that does little never uses most of them.
    package static func dropWhatOnlyTheStartNeeded() {
        // Without /proc everything stays as it is.
        guard let maps = try? Files.read("/proc/self/maps", limit: 1 << 20) else { return }
        for line in String(decoding: maps, as: UTF8.self).split(separator: "\n") {
            // `55d0c8a00000-55d0c8b00000 r-xp 00001000 fe:00 1234   /usr/bin/towline-terminal`
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            guard fields.count >= 6, fields[1] == "r-xp", fields[5].hasPrefix("/") else { continue }
            let ends = fields[0].split(separator: "-").compactMap { UInt(String($0), radix: 16) }
            guard ends.count == 2, let start = UnsafeMutableRawPointer(bitPattern: ends[0]) else { continue }
            // Advice: where it is not taken, nothing is different. The text is never written, so that nothing can be lost.
            madvise(start, Int(ends[1] - ends[0]), MADV_RANDOM)
            madvise(start, Int(ends[1] - ends[0]), MADV_DONTNEED)
        }
    }
}
