import Glibc

/// A stock sshd on a loopback port that serves the user who runs the tests: a terminal's own server, or the rival relay.
final class StockServer: Sendable {
    let port: Int
    let program: Program
    let folder: Folder
    private let keysPath: String

    /// The account that sshd lets in.
    static let user = getpwuid(geteuid()).flatMap { $0.pointee.pw_name }.map { String(cString: $0) } ?? "root"

    /// Starts it with `keys`, lines of authorized_keys.
    init(_ name: String, in folder: Folder, keys: [String]) async throws {
        self.folder = folder
        keysPath = try folder.write(keys.map { $0 + "\n" }.joined(), to: "\(name)-authorized_keys")
        let host = try await KeyPair("\(name)-host", in: folder)
        if geteuid() == 0 { mkdir("/run/sshd", 0o755) }  // sshd's own wish; made by its service, which does not run here
        // A port that was free a moment ago may be taken when sshd comes to it: then another one is tried.
        for _ in 0..<5 {
            let port = try StockServer.freePort()
            let config = try folder.write(
                """
                ListenAddress 127.0.0.1:\(port)
                HostKey \(host.path)
                PidFile none
                UsePAM no
                StrictModes no
                AuthorizedKeysFile \(keysPath)
                PermitRootLogin prohibit-password
                PasswordAuthentication no
                KbdInteractiveAuthentication no
                MaxStartups 100
                LogLevel VERBOSE
                Subsystem sftp internal-sftp

                """, to: "\(name)-sshd_config")
            let program = try Program(["sshd", "-D", "-e", "-f", config], in: folder)
            try await eventually("sshd listens or ends") { !program.isRunning || program.errors.contains("Server listening on") }
            if program.isRunning {
                self.port = port
                self.program = program
                return
            }
            if !program.errors.contains("Address already in use") { throw ScenarioError(description: "sshd: \(program.errors)") }
        }
        throw ScenarioError(description: "no free port for sshd in five tries")
    }

    /// Lets another key in from the next login on.
    func add(_ line: String) throws {
        try folder.write(Folder.text(of: keysPath) + line + "\n", to: keysPath)
    }

    /// A loopback port that is free now.
    static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard bound else { throw ScenarioError(description: "bind: \(String(cString: strerror(errno)))") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
