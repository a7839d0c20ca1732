/// Bytes on their way: written at the end, taken from the front, in one contiguous block that is kept between uses.
///
/// Owns its memory. Holds none until first used and none after `releaseIfEmpty()`; growing doubles the block, so appending is amortised O(1).
package struct ByteQueue: ~Copyable {
    private var base: UnsafeMutableRawPointer?
    private var capacity = 0
    private var head = 0
    private var tail = 0

    /// The smallest block: a page holds a handshake message or a line of typing.
    private static let smallestBlock = 4096

    /// An empty queue, without memory of its own until something is put in.
    package init() {}

    deinit { base?.deallocate() }

    /// The number of bytes waiting.
    package var count: Int { tail - head }

    /// Whether nothing is waiting.
    package var isEmpty: Bool { head == tail }

    /// The waiting bytes, first in first. Valid until the next change.
    package var bytes: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: base.map { $0 + head }, count: count)
    }

    /// Makes room for `size` bytes at the end and returns where they go; `commit` makes them part of the queue.
    package mutating func reserve(_ size: Int) -> UnsafeMutableRawPointer {
        if let base, tail + size <= capacity { return base + tail }
        return makeRoom(size)
    }

    /// Adds `size` bytes that were written where `reserve` said.
    package mutating func commit(_ size: Int) {
        tail += size
        precondition(tail <= capacity, "more committed than reserved")
    }

    /// Copies `source` to the end.
    package mutating func append(_ source: UnsafeRawBufferPointer) {
        guard let from = source.baseAddress, source.count > 0 else { return }
        reserve(source.count).copyMemory(from: from, byteCount: source.count)
        commit(source.count)
    }

    /// Drops `size` bytes from the front.
    package mutating func consume(_ size: Int) {
        head += size
        precondition(head <= tail, "more consumed than there is")
        if head == tail {
            head = 0
            tail = 0
        }
    }

    /// Drops everything.
    package mutating func removeAll() {
        head = 0
        tail = 0
    }

    /// Gives the block back when nothing is waiting, so that an idle connection costs none.
    package mutating func releaseIfEmpty() {
        guard isEmpty, let base else { return }
        base.deallocate()
        self.base = nil
        capacity = 0
    }

    private mutating func makeRoom(_ size: Int) -> UnsafeMutableRawPointer {
        let used = count
        if let base, used + size <= capacity, head >= capacity / 2 {
            base.copyMemory(from: base + head, byteCount: used)
        } else {
            var wanted = max(capacity, Self.smallestBlock)
            while wanted < used + size { wanted *= 2 }
            let block = UnsafeMutableRawPointer.allocate(byteCount: wanted, alignment: 16)
            if let base {
                block.copyMemory(from: base + head, byteCount: used)
                base.deallocate()
            }
            base = block
            capacity = wanted
        }
        head = 0
        tail = used
        return base! + tail
    }
}
