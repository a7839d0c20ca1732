import HTML
import SystemCalls

/// Styles, script and icon: ours, which stand in the program, and Bootstrap's styles from Debian's `libjs-bootstrap5`.
///
/// Each has a name that changes with its content, so browsers keep it for ever and never show an old one.
struct Assets: Sendable {
    /// A file as it is served.
    struct File: Sendable {
        /// What it holds.
        let bytes: [UInt8]
        /// Its media type.
        let type: String
        /// Where browsers find it.
        let address: Address
    }

    /// Where Debian puts Bootstrap.
    static let bootstrap = "/usr/share/javascript/bootstrap5/css/bootstrap.min.css"
    /// The most that Bootstrap's styles may have: they have 200 KB.
    private static let largest = 1 << 20

    private let files: [String: File]
    /// The style sheets, in their order.
    let styles: [Address]
    /// The module with the live parts.
    let script: Address
    /// The icon of the tab.
    let icon: Address

    /// Reads Bootstrap; blocks. Without it (or where it cannot be read) the pages are plainer and work.
    init(bootstrap path: String = Assets.bootstrap) {
        // A look that is missing is no reason not to serve.
        let library = (try? Files.read(path, limit: Self.largest)).map { Self.file("bootstrap.css", $0, "text/css; charset=utf-8") }
        let sheet = Self.file("console.css", PackageResources.console_css, "text/css; charset=utf-8")
        let module = Self.file("console.js", PackageResources.console_js, "text/javascript; charset=utf-8")
        let picture = Self.file("icon.svg", PackageResources.icon_svg, "image/svg+xml")
        let all = [library, sheet, module, picture].compactMap(\.self)
        files = Dictionary(uniqueKeysWithValues: all.map { ($0.address.text, $0) })
        styles = [library, sheet].compactMap { $0?.address }
        script = module.address
        icon = picture.address
    }

    /// The file at `path`; nil if there is none: nothing but these few names is ever looked up.
    func file(at path: String) -> File? { files[path] }

    private static func file(_ name: String, _ bytes: [UInt8], _ type: String) -> File {
        // FNV-1a: it tells versions apart and protects nothing.
        let hash = bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
        return File(bytes: bytes, type: type, address: Address("/assets").segment(String(hash, radix: 16)).segment(name))
    }
}
