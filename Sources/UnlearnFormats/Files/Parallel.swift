// Pieces of work on as many threads as the program may use.
internal import Dispatch
internal import Synchronization

/// Work in pieces that share nothing, on several threads.
public enum Parallel {
    /// 0: one for each processor. Set by the engine's `Runtime.configure`, with the threads of the tensors.
    private static let limit = Atomic<Int>(0)

    /// The most threads that work at the same time from now on.
    public static func use(threads: Int) { limit.store(threads, ordering: .relaxed) }

    /// Calls `body` with 0..<count, in any order; whoever is free takes the next piece.
    public static func forEach(_ count: Int, _ body: (Int) -> Void) {
        let threads = limit.load(ordering: .relaxed)
        guard threads != 1, count > 1 else { return (0..<count).forEach(body) }
        let next = Atomic<Int>(0)
        // The caller promises that pieces share nothing.
        nonisolated(unsafe) let body = body
        DispatchQueue.concurrentPerform(iterations: threads == 0 ? count : min(threads, count)) { _ in
            while true {
                let piece = next.add(1, ordering: .relaxed).oldValue
                guard piece < count else { return }
                body(piece)
            }
        }
    }
}
