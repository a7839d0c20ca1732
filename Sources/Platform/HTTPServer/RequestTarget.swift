/// Percent-encoding (RFC 3986 §2.1).
enum PercentEncoding {
    /// The text that `bytes` stand for, decoded once; `nil` for a broken escape or for what is not UTF-8 (overlong forms are not).
    static func decode(_ bytes: some Sequence<UInt8>, plusIsSpace: Bool = false) -> String? {
        var decoded: [UInt8] = []
        var rest = bytes.makeIterator()
        while let byte = rest.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.next().flatMap(digit), let low = rest.next().flatMap(digit) else { return nil }
                decoded.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace: decoded.append(0x20)
            default: decoded.append(byte)
            }
        }
        return String(validating: decoded, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

/// What a request line may name.
enum RequestTarget {
    /// The path that `raw` (without the query) names, decoded once.
    ///
    /// - Throws: `.badTarget` for what is no path (another form of target, a broken escape, control characters, a backslash),
    ///   `.noSuchPath` for one with an empty segment, `.` or `..`: there is nothing behind these, whatever a handler would make of them.
    static func path(_ raw: [UInt8]) throws(RequestFault) -> String {
        guard raw.first == UInt8(ascii: "/"), raw.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "#") }),
            let path = PercentEncoding.decode(raw),
            path.unicodeScalars.allSatisfy({ $0.value >= 0x20 && !(0x7f...0x9f).contains($0.value) && $0 != "\\" })
        else { throw .badTarget }
        if path == "/" { return path }
        let segments = path.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        for segment in segments where segment.isEmpty || segment.elementsEqual(".".utf8) || segment.elementsEqual("..".utf8) {
            throw .noSuchPath
        }
        return path
    }
}
