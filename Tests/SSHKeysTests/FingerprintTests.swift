import SSHKeys
import Testing

@Suite("Fingerprint")
struct FingerprintTests {
    static let printed = "SHA256:3e0KmtuDDciW4UzJgi588J93ERLuOD8c/yIBpzSqYNM"

    @Test func whatOpenSSHPrintsIsReadAndPrintedTheSame() throws {
        let fingerprint = try #require(Fingerprint(Self.printed))
        #expect(fingerprint.description == Self.printed)
        #expect(fingerprint.digest.count == Fingerprint.length)
        #expect(Fingerprint(digest: fingerprint.digest) == fingerprint)
    }

    @Test(arguments: [
        "", "SHA256:", printed + "=", " " + printed, printed + " ", String(printed.dropLast()), printed + "A",
        printed.lowercased(), "sha256:" + printed.dropFirst(7), String(printed.dropFirst(7)),
        "MD5:3e:0a:9a:db:83:0d:c8:96:e1:4c:c9:82:2e:7c:f0:9f", "SHA512:" + printed.dropFirst(7), printed + "\n", "SHA256:" + printed,
    ])
    func A05_anythingElseIsRefused(text: String) {
        #expect(Fingerprint(text) == nil)
    }
}
