import RelayCore
import SSHKeys
import Support

/// An Ed25519 key that differs by `number`.
func sampleKey(_ number: UInt8) throws -> PublicKey {
    var blob: [UInt8] = [0, 0, 0, 11] + Array("ssh-ed25519".utf8)
    blob += [0, 0, 0, 32] + [UInt8](repeating: number, count: 32)
    return try PublicKey(blob: blob)
}

/// Two terminals (the second one disabled), support staff 1 with grants for both, admin 2, disabled support staff 3.
struct SampleRelay {
    static let hostname = "relay.example.com"
    let now = WallTime(secondsSince1970: 1_800_000_000)
    let shop = TerminalID(1)
    let depot = TerminalID(2)
    let attic = TerminalID(3)
    let alice = StaffID(1)
    let admin = StaffID(2)
    let gone = StaffID(3)

    func later(_ seconds: Int64) -> WallTime { WallTime(secondsSince1970: now.secondsSince1970 + seconds) }

    /// - Parameter until: end of alice's grant for `shop-42`.
    func registry(until: WallTime? = nil, isShopEnabled: Bool = true) throws -> Registry {
        func terminal(_ id: TerminalID, _ name: String, _ port: String, isEnabled: Bool = true) throws -> Terminal {
            Terminal(
                id: id, name: try TerminalName(parsing: name), listeningPort: try ListeningPort(parsing: port),
                key: try sampleKey(UInt8(id.rawValue)), isEnabled: isEnabled, addedAt: now)
        }
        func member(_ id: StaffID, _ name: String, _ role: StaffMember.Role, isEnabled: Bool = true) throws -> StaffMember {
            let key = AuthorizedKey(key: try sampleKey(UInt8(100 + id.rawValue)), comment: name)
            return StaffMember(
                id: id, name: try StaffName(parsing: name), role: role, keys: [key], isEnabled: isEnabled, addedAt: now)
        }
        return Registry(
            terminals: [
                try terminal(shop, "shop-42", "20000", isEnabled: isShopEnabled),
                try terminal(depot, "depot", "20001", isEnabled: false),
                try terminal(attic, "attic", "20002"),
            ],
            staff: [
                try member(alice, "alice", .support), try member(admin, "root-admin", .admin),
                try member(gone, "gone", .support, isEnabled: false),
            ],
            grants: [
                Grant(.staff(alice), .terminal(shop), until: until), Grant(.staff(alice), .terminal(depot), until: nil),
                Grant(.staff(gone), .terminal(shop), until: nil),
            ])
    }
}
