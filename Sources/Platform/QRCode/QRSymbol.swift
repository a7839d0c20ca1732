import CQRCode

/// A QR code (ISO/IEC 18004) as a square of dark and light modules.
package struct QRSymbol: Hashable, Sendable {
    /// Modules on a side, 21...177, without the quiet zone of 4 modules that a picture needs around it.
    package let size: Int
    /// Row by row.
    private let modules: [Bool]

    /// Most bytes of a text: what the largest symbol holds at this error correction.
    package static let maximumBytes = 2331

    /// The symbol of `text` in UTF-8, as small as it can be; it can still be read with 15 % of it covered (level M).
    ///
    /// - Returns: `nil` for an empty text and for more than `maximumBytes`.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty, bytes.count <= Self.maximumBytes,
            let symbol = QRcode_encodeData(Int32(bytes.count), bytes, 0, QR_ECLEVEL_M)
        else { return nil }
        defer { QRcode_free(symbol) }
        size = Int(symbol.pointee.width)
        // The lowest bit of each byte is the module; the others say what it is for.
        modules = UnsafeBufferPointer(start: symbol.pointee.data, count: size * size).map { $0 & 1 == 1 }
    }

    /// Whether the module is dark; `row` and `column` are 0..<`size`.
    package func isDark(row: Int, column: Int) -> Bool { modules[row * size + column] }

    /// The symbol as a path of an SVG picture: one module is one unit, dark modules are runs of rectangles. The quiet zone is the picture's.
    package var svgPath: String {
        var path = ""
        for row in 0..<size {
            var column = 0
            while column < size {
                let start = column
                while column < size, isDark(row: row, column: column) { column += 1 }
                if column > start { path += "M\(start) \(row)h\(column - start)v1h-\(column - start)z" }
                column += 1
            }
        }
        return path
    }
}
