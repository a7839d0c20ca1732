import SSHKeys
import Testing

@Suite("Wire data types (RFC 4251 §5)")
struct WireTests {
    @Test func whatTheWriterWritesTheReaderReads() throws {
        var writer = WireWriter(message: 20)
        writer.byte(7)
        writer.boolean(true)
        writer.boolean(false)
        writer.uint32(0x0102_0304)
        writer.uint64(0x0102_0304_0506_0708)
        writer.string("käse")
        writer.string([1, 2, 3])
        writer.nameList([])
        writer.nameList(["zlib", "none"])
        writer.mpint([])
        writer.raw([9, 9])
        try WireReader.read(writer.bytes) { (reader: inout WireReader) throws(WireError) in
            #expect(try reader.byte() == 20)
            #expect(try reader.byte() == 7)
            #expect(try reader.boolean())
            #expect(try !reader.boolean())
            #expect(try reader.uint32() == 0x0102_0304)
            #expect(try reader.uint64() == 0x0102_0304_0506_0708)
            #expect(try reader.text() == "käse")
            #expect(try reader.stringBytes() == [1, 2, 3])
            #expect(try reader.nameList() == [])
            #expect(try reader.nameList() == ["zlib", "none"])
            #expect(try reader.stringBytes() == [])
            #expect(reader.remaining == 2)
            #expect(throws: WireError.trailingBytes) { try reader.end() }
            #expect(Array(reader.takeRest()) == [9, 9])
            try reader.end()
        }
    }

    /// RFC 4251 §5, the positive examples.
    @Test(
        arguments: [
            ([], [0, 0, 0, 0]), ([0], [0, 0, 0, 0]),
            ([0x09, 0xa3, 0x78, 0xf9, 0xb2, 0xe3, 0x32, 0xa7], [0, 0, 0, 8, 0x09, 0xa3, 0x78, 0xf9, 0xb2, 0xe3, 0x32, 0xa7]),
            ([0x80], [0, 0, 0, 2, 0, 0x80]), ([0, 0, 0x80], [0, 0, 0, 2, 0, 0x80]), ([0, 0x7f], [0, 0, 0, 1, 0x7f]),
        ] as [([UInt8], [UInt8])])
    func mpintsAreShortestAndNeverNegative(magnitude: [UInt8], wire: [UInt8]) {
        var writer = WireWriter()
        writer.mpint(magnitude)
        #expect(writer.bytes == wire)
    }

    /// A length that promises more than there is must fail before anything is allocated for it.
    @Test(
        arguments: [
            [], [0], [0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 2, 65], [0x7f, 0xff, 0xff, 0xff, 1], [0xff, 0xff, 0xff, 0xff, 1],
        ] as [[UInt8]])
    func lengthsBeyondTheEndAreTruncated(bytes: [UInt8]) {
        #expect(throws: WireError.truncated) {
            _ = try WireReader.read(bytes) { (reader: inout WireReader) throws(WireError) in try reader.stringBytes() }
        }
        #expect(throws: WireError.truncated) {
            _ = try WireReader.read(bytes) { (reader: inout WireReader) throws(WireError) in try reader.nameList() }
        }
    }

    /// libssh 0.10 ends its cipher list with a comma, and must get in.
    @Test(arguments: [(",", []), ("a,", ["a"]), (",a", ["a"]), ("a,,b", ["a", "b"])] as [(String, [String])])
    func emptyNamesInAListArePassedOver(text: String, names: [String]) throws {
        var writer = WireWriter()
        writer.string(text)
        let read = try WireReader.read(writer.bytes) { (reader: inout WireReader) throws(WireError) in try reader.nameList() }
        #expect(read == names)
    }

    @Test(arguments: ["a b", "a\u{0}", "\n", "ü", "\u{7f}"])
    func malformedNameListsAreRefused(text: String) {
        var writer = WireWriter()
        writer.string(text)
        #expect(throws: WireError.malformed) {
            _ = try WireReader.read(writer.bytes) { (reader: inout WireReader) throws(WireError) in try reader.nameList() }
        }
    }

    @Test(arguments: [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80]] as [[UInt8]])
    func textThatIsNotUTF8IsRefused(bytes: [UInt8]) {
        var writer = WireWriter()
        writer.string(bytes)
        #expect(throws: WireError.malformed) {
            _ = try WireReader.read(writer.bytes) { (reader: inout WireReader) throws(WireError) in try reader.text() }
        }
    }
}
