import CHTTP

/// The request line as libmicrohttpd hands it over: pointers into the buffer that holds the whole header, valid within the callback.
struct RequestLine {
    let url: UnsafePointer<CChar>
    let methodStart: UnsafePointer<CChar>
    let version: UnsafePointer<CChar>

    init(url: UnsafePointer<CChar>, method: UnsafePointer<CChar>, version: UnsafePointer<CChar>) {
        self.url = url
        methodStart = method
        self.version = version
    }

    var method: String { String(cString: methodStart) }

    /// The target up to the query, as it was sent.
    var target: [UInt8] {
        var bytes: [UInt8] = []
        var next = url
        while next.pointee != 0 {
            bytes.append(UInt8(bitPattern: next.pointee))
            next += 1
        }
        return bytes
    }

    /// The header's fields, and whether they stand in the buffer as they must.
    ///
    /// libmicrohttpd parses in place: each field points to where it came to lie. So the end of one line, CR and LF and the start of the next
    /// are neighbours, unless a line ended otherwise, was folded (then it was moved), or was cut by a NUL.
    func header(_ connection: OpaquePointer) -> FramingGuard.Header {
        let values = Values(connection, .HEADER_KIND)
        let versionText = String(cString: version)
        let lineEnd = 2
        var expected = UnsafeRawPointer(version) + versionText.utf8.count + lineEnd
        var isContiguous = true
        var fields: [(name: String, value: String)] = []
        for item in values.items {
            isContiguous = isContiguous && item.name.baseAddress.map(UnsafeRawPointer.init) == expected
            if let start = item.value.baseAddress { expected = UnsafeRawPointer(start) + item.value.count + lineEnd }
            fields.append((item.nameText, item.valueText))
        }
        let end = UnsafeRawPointer(methodStart) + towline_http_header_size(connection)
        return FramingGuard.Header(version: versionText, fields: fields, isContiguous: isContiguous && expected + lineEnd == end)
    }

    /// What follows `?`, decoded. libmicrohttpd has split it and turned `+` into spaces, but decoded no escapes.
    func query(_ connection: OpaquePointer) throws(RequestFault) -> [(name: String, value: String)] {
        var query: [(name: String, value: String)] = []
        for item in Values(connection, .GET_ARGUMENT_KIND).items {
            guard let name = PercentEncoding.decode(item.name), let value = PercentEncoding.decode(item.value) else { throw .badTarget }
            query.append((name, value))
        }
        return query
    }
}

/// Names and values that libmicrohttpd found in a header, in their order.
private final class Values {
    struct Item {
        let name: UnsafeRawBufferPointer
        let value: UnsafeRawBufferPointer

        // A header is bytes; what is no UTF-8 is shown as such and compared with nothing.
        var nameText: String { String(decoding: name, as: UTF8.self) }
        var valueText: String { String(decoding: value, as: UTF8.self) }
    }

    private(set) var items: [Item] = []

    init(_ connection: OpaquePointer, _ kind: MHD_ValueKind) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        MHD_get_connection_values_n(
            connection, kind,
            { context, _, name, nameSize, value, valueSize in
                guard let context else { return .NO }
                let item = Item(
                    name: UnsafeRawBufferPointer(start: name, count: nameSize),
                    value: UnsafeRawBufferPointer(start: value, count: valueSize))
                Unmanaged<Values>.fromOpaque(context).takeUnretainedValue().items.append(item)
                return .YES
            }, context)
    }
}
