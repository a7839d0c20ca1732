import SSHKeys
import Testing

@Suite("Base64")
struct Base64Tests {
    /// RFC 4648 §10.
    static let vectors = [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ]

    @Test(arguments: vectors)
    func encodesAndDecodesTheVectorsOfTheRFC(plain: String, text: String) {
        #expect(Base64.encode(Array(plain.utf8)) == text)
        #expect(Base64.decode(text) == Array(plain.utf8))
        let bare = text.filter { $0 != "=" }
        #expect(Base64.encode(Array(plain.utf8), isPadded: false) == bare)
        #expect(Base64.decode(bare, isPadded: false) == Array(plain.utf8))
    }

    @Test func everyLengthAndByteComesBack() {
        for length in 0...260 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ length) }
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
            #expect(Base64.decode(Base64.encode(bytes, isPadded: false), isPadded: false) == bytes)
        }
    }

    @Test(arguments: [
        "Z", "Zg", "Zg=", "Zg===", "Zm8", "=", "==", "====", "Zg==Zg==", "Z=g=", "Zm9v=", "Zm9v====", "Zh==", "Zm9=", "Zm9v Zm9v", "Zm9v\n",
        "Zm-_", "Zm9\u{0}", "Zm9ü", "Ｚm9v",
    ])
    func anythingButTheOneSpellingIsRefused(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test(arguments: ["Zg==", "Z", "Zm9vZ", "Zh", "Zm9"])
    func paddingAndStrayBitsAreRefusedInUnpaddedText(text: String) {
        #expect(Base64.decode(text, isPadded: false) == nil)
    }
}
