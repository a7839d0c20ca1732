import StaffCore
import Support
import Testing

@Suite struct TerminalListTests {
    private let list = TerminalList(text: "shop-42 alice\nattic alice bob\nstock\n")

    @Test func namesAreKeptInOrderAndOnce() {
        let list = TerminalList(text: "shop-42\nattic\nshop-42 alice\nNot A Name\n*\ntowline-relay\nlocalhost\n")
        #expect(list.names.map(\.description) == ["attic", "shop-42"])
        #expect(TerminalList(text: list.text) == list)
        #expect(TerminalList(text: "").text == "")
    }

    @Test func loginUsersAreKeptInTheOrderOfTheRelay() throws {
        let list = TerminalList([
            (name: "shop-42", logins: ["bob", "alice"]), (name: "attic", logins: ["root", "-oProxyCommand=x", "a b", "carol"]),
            (name: "Host *", logins: ["alice"]), (name: "stock", logins: []),
        ])
        #expect(list.text == "attic carol\nshop-42 bob alice\nstock\n")
        #expect(TerminalList(text: list.text) == list)
        #expect(list.logins(of: try TerminalName(parsing: "nope")) == [])
    }

    @Test(arguments: [
        ("shop-42", true), ("alice@shop-42", true), ("attic", true), ("stock", false), ("alice@stock", true), ("nope", false),
        ("alice@nope", false), ("Shop-42", false), ("", false),
    ]) func theRelayIsAskedForWhatALoginNeeds(_ destination: String, _ isSettled: Bool) {
        #expect(list.settles(Destination(destination)) == isSettled)
    }

    @Test(arguments: ["shop-42", "bob@shop-42", "stock"]) func terminalsOfTheListMayBeReached(_ destination: String) {
        #expect(list.refusal(of: Destination(destination)) == nil)
    }

    @Test(arguments: [
        ("root@nope", "nope"), ("towline-relay", "towline-relay"), ("10.0.0.1", "10.0.0.1"), ("Shop-42", "Shop-42"),
        ("ssh://shop-42", "ssh://shop-42"), ("alice@", ""), ("/batch", "/batch"), ("x@shop-42@nope", "nope"),
    ]) func anyOtherHostIsRefusedInsteadOfLookedUpInDNS(_ destination: String, _ host: String) {
        #expect(
            list.refusal(of: Destination(destination)) == "there is no terminal \"\(host)\" that you may reach; see: towline terminals")
    }

    @Test func severalLoginUsersAreToldWhereNoneWasChosen() {
        #expect(list.choice(at: Destination("attic")) == "login users of attic: alice, bob; use: towline ssh alice@attic")
        for destination in ["bob@attic", "shop-42", "stock", "nope"] {
            #expect(list.choice(at: Destination(destination)) == nil, "\(destination)")
        }
    }
}

@Suite struct DestinationTests {
    @Test(
        arguments: [
            (.ssh, ["alice@shop-42", "scp", "attic:"], ["alice@shop-42"]), (.ssh, ["-v"], []),
            (.ssh, ["-vp", "2200", "shop-42", "ls", "-l"], ["shop-42"]),
            (.ssh, ["-p2200", "-l", "alice", "-4", "shop-42"], ["shop-42"]), (.ssh, ["--", "shop-42"], ["shop-42"]),
            (.ssh, ["-L", "8080:localhost:80", "-N", "nope", "-v"], ["nope"]), (.ssh, ["-p"], []), (.ssh, ["-"], ["-"]),
            (.scp, ["-r", "file", "alice@shop-42:/tmp/a:b", "attic:x"], ["alice@shop-42", "attic"]),
            (.scp, ["-P", "22", "-o", "A=b:c", "./a:b", ":c", "nope:d"], ["nope"]), (.scp, ["a", "b"], []),
            (.scp, ["scp://nope/x", "."], ["scp://nope/x"]), (.scp, ["--", "-r:x", "b"], ["-r"]),
            (.sftp, ["-b", "/batch", "alice@shop-42"], ["alice@shop-42"]), (.sftp, ["-b", "nope", "shop-42:/tmp"], ["shop-42"]),
            (.sftp, ["sftp://nope"], ["sftp://nope"]), (.sftp, [], []),
        ] as [(OpenSSHProgram, [String], [String])])
    func hostsAreFoundInTheWordsOfOpenSSH(_ program: OpenSSHProgram, _ words: [String], _ destinations: [String]) {
        #expect(program.destinations(in: words) == destinations.map(Destination.init))
    }
}
