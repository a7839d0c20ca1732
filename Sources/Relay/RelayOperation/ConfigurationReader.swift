package import Support
import SystemCalls

/// Finds and reads the configuration: defaults, then the file, then its drop-ins, then the environment, then the command line.
package struct ConfigurationReader: Sendable {
    /// The file that was asked for; `nil`: the standard one, if it is there.
    private let named: ConfigurationValue?
    private let environment: ConfigurationValues
    private let line: ConfigurationValues

    /// A reader for one run of the program.
    /// - Parameter line: with the options `--config` and those of `RelayConfiguration.keys`, as far as its command has them.
    package init(line: ParsedCommand, environment: [String: String]) {
        let variable = environment[RelayConfiguration.fileVariable].flatMap { $0.isEmpty ? nil : $0 }
        named =
            line.value("--config").map { ConfigurationValue($0, at: "--config") }
            ?? variable.map { ConfigurationValue($0, at: RelayConfiguration.fileVariable) }
        self.environment = RelayConfiguration.values(of: environment)
        self.line = RelayConfiguration.values(of: line)
    }

    /// Reads it all, now; may be asked again later. Blocks.
    /// - Returns: the configuration, and the files that it was read from, in their order.
    /// - Throws: the first thing that is wrong: a file that was asked for and is missing, one that cannot be read, a line, a value.
    package func read() throws(ConfigurationError) -> (configuration: RelayConfiguration, files: [String]) {
        var values = ConfigurationValues()
        let files = try self.files()
        for file in files { values.override(by: try Self.values(of: file)) }
        values.override(by: environment)
        values.override(by: line)
        return (try RelayConfiguration(values), files)
    }

    private func files() throws(ConfigurationError) -> [String] {
        let file = named?.text ?? RelayConfiguration.standardFile
        do {
            guard try Files.status(file) != nil else {
                if let named { throw named.complaint("there is no file \(Printable.escaped(file))") }
                return []
            }
            let folder = RelayConfiguration.dropInFolder(of: file)
            guard try Files.status(folder)?.kind == .directory else { return [file] }
            let dropIns = try Files.list(folder).filter { $0.hasSuffix(".conf") && !$0.hasPrefix(".") }.sorted()
            return [file] + dropIns.map { "\(folder)/\($0)" }
        } catch let error as ConfigurationError {
            throw error
        } catch let error as SystemError {
            throw ConfigurationError("the configuration cannot be read: \(error)")
        } catch {
            preconditionFailure("no other error is thrown above")
        }
    }

    private static func values(of file: String) throws(ConfigurationError) -> ConfigurationValues {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try Files.read(file, limit: ConfigurationValues.maximumFileBytes)
        } catch {
            throw ConfigurationError("the configuration cannot be read: \(error)")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError("\(Printable.escaped(file)): this is not text (UTF-8)")
        }
        return try ConfigurationValues(text: text, path: file, keys: RelayConfiguration.keys)
    }
}
