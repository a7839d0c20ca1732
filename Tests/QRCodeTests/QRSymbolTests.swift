import QRCode
import Testing

@Suite struct QRSymbolTests {
    @Test func symbolHasTheFormOfTheStandard() throws {
        let symbol = try #require(QRSymbol("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGq0 towline"))
        #expect((symbol.size - 17).isMultiple(of: 4) && (21...177).contains(symbol.size))
        // A finder pattern in three corners: 7 dark, inside them 5 light, inside these 3 dark.
        for (top, left) in [(0, 0), (0, symbol.size - 7), (symbol.size - 7, 0)] {
            for row in 0..<7 {
                for column in 0..<7 {
                    let ring = min(row, column, 6 - row, 6 - column)
                    #expect(symbol.isDark(row: top + row, column: left + column) == (ring != 1))
                }
            }
        }
        // The timing pattern alternates.
        for column in 8..<(symbol.size - 8) { #expect(symbol.isDark(row: 6, column: column) == column.isMultiple(of: 2)) }
    }

    @Test func emptyAndTooLongTextsHaveNone() {
        #expect(QRSymbol("") == nil)
        #expect(QRSymbol(String(repeating: "a", count: QRSymbol.maximumBytes))?.size == 177)
        #expect(QRSymbol(String(repeating: "a", count: QRSymbol.maximumBytes + 1)) == nil)
        #expect(QRSymbol("日本語") != nil)
    }

    @Test func pathDrawsExactlyTheDarkModules() throws {
        let symbol = try #require(QRSymbol("towline"))
        var drawn = Set<[Int]>()
        for run in symbol.svgPath.split(separator: "M") {
            let parts = run.split { " hv".contains($0) }
            let (column, row, length) = try (#require(Int(parts[0])), #require(Int(parts[1])), #require(Int(parts[2])))
            for offset in 0..<length { #expect(drawn.insert([row, column + offset]).inserted) }
        }
        for row in 0..<symbol.size {
            for column in 0..<symbol.size { #expect(drawn.contains([row, column]) == symbol.isDark(row: row, column: column)) }
        }
    }
}
