import Passwords
import Testing

@Suite struct PasswordHashTests {
    @Test func onlyThePasswordThatWasHashedMatches() throws {
        let hash = try PasswordHash.make("correct horse battery")
        #expect(hash.matches("correct horse battery"))
        for wrong in ["", "correct horse batter", "correct horse battery ", "Correct horse battery", "correct horse battery\u{0}"] {
            #expect(!hash.matches(wrong), "\(wrong)")
        }
    }

    @Test func parametersAreThoseThatWereDecided() throws {
        let hash = try PasswordHash.make("password")
        #expect(hash.text.hasPrefix("$argon2id$v=19$m=65536,t=2,p=1$"))
    }

    @Test func samePasswordHasAnotherHashEachTime() throws {
        #expect(try PasswordHash.make("password") != PasswordHash.make("password"))
    }

    @Test func storedHashIsReadBack() throws {
        let hash = try PasswordHash.make("日本語のパスワード")
        #expect(try PasswordHash(parsing: hash.text) == hash)
        #expect(try PasswordHash(parsing: hash.text).matches("日本語のパスワード"))
    }

    @Test(arguments: [
        "", "password", "$argon2id$", "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$c29tZWhhc2g", "$argon2id$v=19$m=65536,t=2,p=1$",
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$" + String(repeating: "A", count: 200), "$argon2id$v=19 $m=65536,t=2,p=1$YQ$YQ",
    ]) func textThatIsNoHashIsRefused(_ text: String) {
        #expect(throws: PasswordError.notAHash) { _ = try PasswordHash(parsing: text) }
    }
}

@Suite struct SecretsTests {
    @Test func tokensAreLongAndNeverTheSame() {
        let tokens = (0..<1000).map { _ in RandomBytes.token() }
        #expect(Set(tokens).count == 1000)
        #expect(
            tokens.allSatisfy {
                $0.utf8.count == 43 && $0.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
            })
        // Each of the 64 characters turns up in 43,000 of them.
        #expect(Set(tokens.joined()).count == 64)
    }

    @Test func codesAreGroupsOfFourWithoutLookalikes() {
        let codes = (0..<200).map { _ in RandomBytes.code(groups: 3) }
        #expect(Set(codes).count == 200)
        #expect(codes.allSatisfy { $0.split(separator: "-").map(\.count) == [4, 4, 4] })
        #expect(codes.joined().allSatisfy { !"01ILOU".contains($0) })
    }

    @Test func comparisonTellsEqualFromDifferent() {
        #expect(Secrets.areEqual("", ""))
        #expect(Secrets.areEqual("abc", "abc"))
        for other in ["", "ab", "abd", "Abc", "abcd"] { #expect(!Secrets.areEqual("abc", other)) }
    }

    /// The first is RFC 7693's function over nothing with 32 bytes of output, as `b2sum -l 256` prints it.
    @Test func digestIsBLAKE2b() {
        #expect(Secrets.hexadecimal(Secrets.digest("")) == "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8")
        #expect(Secrets.hexadecimal(Secrets.digest("abc")) == "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319")
        let key = [UInt8](repeating: 7, count: 32)
        #expect(Secrets.digest("abc", key: key) != Secrets.digest("abc"))
        #expect(Secrets.digest("abc", key: key) != Secrets.digest("abd", key: key))
    }
}
