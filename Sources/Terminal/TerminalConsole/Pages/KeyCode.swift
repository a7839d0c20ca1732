import HTML
import QRCode

/// A public key as a QR code: a picture of dark squares, with a name for those who cannot see it.
enum KeyCode {
    /// Modules around the symbol that stay light (ISO/IEC 18004 §6.3.8).
    private static let quietZone = 4

    /// The picture; nil for a text that no code can hold.
    static func picture(of text: String, title: String) -> Markup? {
        guard let symbol = QRSymbol(text) else { return nil }
        let side = symbol.size + 2 * quietZone
        return """
            <svg role="img" aria-label="\(title)" viewBox="\(-quietZone) \(-quietZone) \(side) \(side)" shape-rendering="crispEdges">\
            <path d="\(symbol.svgPath)"></path></svg>
            """
    }
}
