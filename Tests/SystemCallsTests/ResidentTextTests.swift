import SystemCalls
import Testing

@Suite struct ResidentTextTests {
    /// Resident pages of files, in KiB.
    private func residentFiles() throws -> Int {
        let status = String(decoding: try Files.read("/proc/self/status", limit: 1 << 16), as: UTF8.self)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("RssFile:") })
        return try #require(line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) })
    }

    @Test func whatOnlyTheStartNeededIsLetGoAndTheProgramGoesOn() throws {
        let before = try residentFiles()
        ResidentText.dropWhatOnlyTheStartNeeded()
        let after = try residentFiles()
        #expect(after < before * 3 / 4, "\(before) KiB before, \(after) KiB after")
        // The text that runs has come back by itself.
        #expect(Users.effectiveUser >= 0)
    }
}
