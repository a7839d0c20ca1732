import Glibc

/// What the kernel knows of this process: for metrics.
package struct ProcessFacts: Hashable, Sendable {
    /// Memory that is in RAM, bytes.
    package let residentBytes: UInt64
    /// Descriptors that are open.
    package let openDescriptors: Int
    /// How many may be open.
    package let mostDescriptors: UInt64
    /// User and system time of all threads, ended ones too.
    package let processorTime: Duration

    /// As it is now. What cannot be read is 0. Reads `/proc`, which does not block.
    package static var own: ProcessFacts {
        // /proc is missing in some sandboxes: then these two are 0.
        let pages = (try? Files.read("/proc/self/statm", limit: 4096)).flatMap { bytes in
            String(decoding: bytes, as: UTF8.self).split(separator: " ").dropFirst().first.flatMap { UInt64($0) }
        }
        // The same.
        let descriptors = try? Files.list("/proc/self/fd")
        var used = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used)  // the kernel has this clock
        return ProcessFacts(
            residentBytes: (pages ?? 0) * UInt64(sysconf(Int32(_SC_PAGESIZE))), openDescriptors: max(0, (descriptors?.count ?? 0) - 1),
            mostDescriptors: Limits.descriptors.soft, processorTime: .seconds(used.tv_sec) + .nanoseconds(used.tv_nsec))
    }
}
