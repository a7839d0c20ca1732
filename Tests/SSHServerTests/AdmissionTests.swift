import SSHServer
import SystemCalls
import Testing

@Suite struct AdmissionTests {
    private static let start = MonotonicTime(nanoseconds: 1_000_000_000_000)

    private static func source(_ number: UInt32) -> SourceGroup {
        SocketAddress(.v4(0x0A00_0000 + number), port: 50_000).sourceGroup
    }

    private static func limits(_ change: (inout ServerLimits) -> Void) -> ServerLimits {
        var limits = ServerLimits.standard
        change(&limits)
        return limits
    }

    @Test(arguments: [1, 2, 7]) func sourceHasItsLimit(_ limit: Int) {
        let admission = Admission(limits: Self.limits { $0.unauthenticatedPerSource = limit })
        for _ in 0..<limit { #expect(admission.admit(Self.source(1), at: Self.start) == .admitted) }
        #expect(admission.admit(Self.source(1), at: Self.start) == .sourceFull)
        #expect(admission.admit(Self.source(2), at: Self.start) == .admitted, "others have their own")
        admission.left(Self.source(1))
        #expect(admission.admit(Self.source(1), at: Self.start) == .admitted)
        #expect(admission.admit(Self.source(1), at: Self.start) == .sourceFull)
    }

    @Test(arguments: [1, 2, 7]) func allTogetherHaveTheirLimit(_ limit: Int) {
        let admission = Admission(limits: Self.limits { $0.unauthenticated = limit })
        for number in 0..<limit { #expect(admission.admit(Self.source(UInt32(number)), at: Self.start) == .admitted) }
        #expect(admission.unauthenticatedCount == limit && !admission.hasRoom)
        admission.left(Self.source(0))
        #expect(admission.hasRoom)
    }

    @Test func neighboursInOneIPv6NetworkAreOneSource() throws {
        let admission = Admission(limits: Self.limits { $0.unauthenticatedPerSource = 1 })
        let one = try SocketAddress(parsing: "[2001:db8:1:2::1]:1000").sourceGroup
        let neighbour = try SocketAddress(parsing: "[2001:db8:1:2:ffff::9]:1000").sourceGroup
        let other = try SocketAddress(parsing: "[2001:db8:1:3::1]:1000").sourceGroup
        #expect(admission.admit(one, at: Self.start) == .admitted)
        #expect(admission.admit(neighbour, at: Self.start) == .sourceFull)
        #expect(admission.admit(other, at: Self.start) == .admitted)
    }

    @Test func failuresAddUpToAPenaltyThatPasses() {
        let admission = Admission(
            limits: Self.limits {
                $0.penalty = .seconds(1)
                $0.penaltyThreshold = .seconds(30)
            })
        for _ in 0..<29 { admission.failed(Self.source(1), at: Self.start) }
        #expect(admission.admit(Self.source(1), at: Self.start) == .admitted)
        admission.failed(Self.source(1), at: Self.start)
        #expect(admission.admit(Self.source(1), at: Self.start) == .penalised)
        #expect(admission.admit(Self.source(2), at: Self.start) == .admitted, "others are not meant")
        #expect(admission.admit(Self.source(1), at: Self.start + .seconds(1)) == .admitted, "below the threshold again")
    }

    @Test func failuresSlowerThanTheirPenaltyNeverAddUp() {
        let admission = Admission(limits: .standard)
        for second in 0..<1000 { admission.failed(Self.source(1), at: Self.start + .seconds(second)) }
        #expect(admission.admit(Self.source(1), at: Self.start + .seconds(1000)) == .admitted)
    }

    @Test func penaltyHasAnEnd() {
        let limits = Self.limits { $0.longestPenalty = .seconds(60) }
        let admission = Admission(limits: limits)
        for _ in 0..<100_000 { admission.failed(Self.source(1), at: Self.start) }
        #expect(admission.admit(Self.source(1), at: Self.start) == .penalised)
        #expect(admission.admit(Self.source(1), at: Self.start + .seconds(31)) == .admitted)
    }

    @Test func A02_goodKeyBehindTheSameAddressIsNotLockedOut() {
        let admission = Admission(limits: .standard)
        admission.succeeded(Self.source(1))
        for _ in 0..<1000 { admission.failed(Self.source(1), at: Self.start) }
        #expect(admission.admit(Self.source(1), at: Self.start) == .admitted)
        // And a good key ends what was held against its address before.
        for _ in 0..<1000 { admission.failed(Self.source(2), at: Self.start) }
        #expect(admission.admit(Self.source(2), at: Self.start) == .penalised)
        admission.succeeded(Self.source(2))
        #expect(admission.admit(Self.source(2), at: Self.start) == .admitted)
        // The protection ends too, some time after the key has left.
        admission.departed(Self.source(1), at: Self.start)
        for _ in 0..<1000 { admission.failed(Self.source(1), at: Self.start + .seconds(1)) }
        #expect(admission.admit(Self.source(1), at: Self.start + .seconds(1)) == .admitted)
        let later = Self.start + ServerLimits.standard.goodKeyMemory
        for _ in 0..<1000 { admission.failed(Self.source(1), at: later) }
        #expect(admission.admit(Self.source(1), at: later) == .penalised)
    }

    /// A tunnel that had held for longer than `goodKeyMemory` lost its source's protection while it was there: a scanner behind the same
    /// NAT then kept it from coming back.
    @Test func A02_aSourceIsProtectedAsLongAsOneOfItsKeysIsConnected() {
        let admission = Admission(limits: .standard)
        for _ in 0..<2 { admission.succeeded(Self.source(1)) }
        let later = Self.start + .seconds(30 * 86_400)
        for _ in 0..<1000 { admission.failed(Self.source(1), at: later) }
        #expect(admission.admit(Self.source(1), at: later) == .admitted)
        admission.departed(Self.source(1), at: later)
        for _ in 0..<1000 { admission.failed(Self.source(1), at: later + ServerLimits.standard.goodKeyMemory) }
        #expect(admission.admit(Self.source(1), at: later + ServerLimits.standard.goodKeyMemory) == .admitted, "one is still here")
    }

    @Test func memoryOfSourcesHasItsLimit() {
        let admission = Admission(
            limits: Self.limits {
                $0.rememberedSources = 3
                $0.penaltyThreshold = .seconds(2)
            })
        for number in 1...3 as ClosedRange<UInt32> {
            for _ in 0..<(10 * number) { admission.failed(Self.source(number), at: Self.start) }
        }
        for _ in 0..<25 { admission.failed(Self.source(4), at: Self.start) }
        #expect(admission.admit(Self.source(1), at: Self.start) == .admitted, "the one that matters least is forgotten")
        for number in 2...4 as ClosedRange<UInt32> { #expect(admission.admit(Self.source(number), at: Self.start) == .penalised) }
    }
}
