/// Text of Prometheus's exposition format 0.0.4: families of samples, each with its help and type.
struct MetricsText {
    /// The media type of the format.
    static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    enum Kind: String {
        /// Only grows while the program runs; its name ends in `_total`.
        case counter
        /// Goes up and down.
        case gauge
    }

    private(set) var text = ""

    /// Adds a family of one sample without labels.
    mutating func add(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
        begin(name, kind, help)
        sample(name, "", value)
    }

    /// Adds a family with a sample for each value of one label. The samples are in the label's order, so that two scrapes read alike.
    mutating func add(_ name: String, _ kind: Kind, _ help: String, by label: String, _ values: [String: Double]) {
        begin(name, kind, help)
        for (value, number) in values.sorted(by: { $0.key < $1.key }) { sample(name, "{\(label)=\"\(Self.escaped(value))\"}", number) }
    }

    private mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    private mutating func sample(_ name: String, _ labels: String, _ value: Double) {
        // Whole numbers without a fraction: counters of bytes would otherwise be in exponents.
        let isWhole = value == value.rounded() && value.magnitude < 9e15
        text += "\(name)\(labels) \(isWhole ? "\(Int64(value))" : "\(value)")\n"
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.append(character)
            }
        }
        return result
    }
}
