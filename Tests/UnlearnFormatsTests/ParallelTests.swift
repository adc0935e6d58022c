// Work in pieces: each is done once, on no more threads than are allowed.

import Foundation
import Synchronization
import Testing
import UnlearnFormats

@Suite(.serialized) struct ParallelTests {
    @Test(arguments: [0, 1, 2, 5])
    func eachPieceIsDoneOnceOnAtMostTheseThreads(_ threads: Int) {
        Parallel.use(threads: threads)
        defer { Parallel.use(threads: 0) }
        let done = Mutex([Int](repeating: 0, count: 40))
        let working = Atomic<Int>(0)
        let most = Atomic<Int>(0)
        Parallel.forEach(40) { piece in
            let now = working.add(1, ordering: .relaxed).newValue
            most.max(now, ordering: .relaxed)
            usleep(500)
            done.withLock { $0[piece] += 1 }
            working.subtract(1, ordering: .relaxed)
        }
        #expect(done.withLock { $0 } == [Int](repeating: 1, count: 40))
        if threads > 0 { #expect(most.load(ordering: .relaxed) <= threads) }
        Parallel.forEach(0) { _ in Issue.record("there is no piece") }
    }
}
