import Support

/// What the customer can set about the console itself. A change takes effect when the console is restarted.
package struct ConsoleSettings: Hashable, Codable, Sendable {
    /// Where it listens: `ADDRESS:PORT`.
    package var address: String
    /// Host names, beside this machine's own, under which browsers may open it.
    package var hosts: [String]
    /// The file of the certificate, PEM; nil: the terminal makes its own.
    package var certificate: String?
    /// The file of its private key, PEM.
    package var privateKey: String?

    /// Where it listens unless said otherwise: this machine only.
    package static let standardAddress = "127.0.0.1:8090"
    /// How many host names there can be.
    static let maximumHosts = 16

    /// Settings with their parts given.
    package init(address: String = standardAddress, hosts: [String] = [], certificate: String? = nil, privateKey: String? = nil) {
        self.address = address
        self.hosts = hosts
        self.certificate = certificate
        self.privateKey = privateKey
    }

    /// In which parts it differs from `other`, by the names of the form's fields.
    func differences(from other: ConsoleSettings) -> [String] {
        [
            address == other.address ? nil : "address", hosts == other.hosts ? nil : "hosts",
            certificate == other.certificate && privateKey == other.privateKey ? nil : "certificate",
        ].compactMap(\.self)
    }
}
