import Localization
import Testing

@Suite struct TemplateTests {
    private enum Words: String, Wording {
        case keys = "{1} has {2} {2|key|keys}"

        var japanese: String {
            switch self {
            case .keys: "{1}の鍵は{2}個です"
            }
        }
    }

    @Test func valuesStandInTheirPlaces() {
        #expect(Words.keys.filled(in: .english, ["alice", "1"]) == "alice has 1 key")
        #expect(Words.keys.filled(in: .english, ["alice", "2"]) == "alice has 2 keys")
        #expect(Words.keys.filled(in: .japanese, ["alice", "2"]) == "aliceの鍵は2個です")
        #expect(Template("{{x} {2}").filled(["a", "{1}"]) == "{x} {1}")
    }

    @Test func aTemplateKnowsItsPlaces() {
        #expect(Template(Words.keys.rawValue).values == [0, 1] && Template(Words.keys.japanese).values == [0, 1])
        #expect(Template("{3|a|b}").valueCount == 3 && Template("{3|a|b}").values.isEmpty)
        #expect(Template("").parts.isEmpty && Template("plain").valueCount == 0)
    }

    @Test func aMissingValueTraps() async {
        await #expect(processExitsWith: .failure) { _ = Template("{2}").filled(["a"]) }
    }

    @Test(arguments: [0, 1, 2]) func aBrokenTemplateTraps(index: Int) async {
        await #expect(processExitsWith: .failure) { [index] in _ = Template(["{", "{0}", "{1|a}"][index]) }
    }
}
