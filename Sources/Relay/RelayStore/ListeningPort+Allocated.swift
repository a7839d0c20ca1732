import Support

extension ListeningPort {
    /// A port of `RegistryLimits.allocatedPorts`, or of the store: known to be in range.
    init(allocated number: UInt16) {
        do { try self.init(parsing: String(number)) } catch {
            preconditionFailure("ports that are handed out are listening ports: \(error)")
        }
    }
}
