// Independent jobs on several threads, the next one to whoever is free.

import Foundation
import Synchronization

/// Jobs that share nothing that changes. The first error stops those that have not begun.
struct ParallelJobs {
    private struct State {
        var next = 0
        var done = 0
        var failure: (any Error)?
    }

    let jobs: [Int]
    let workers: Int
    /// Told how many jobs are done; never called at the same time by two threads.
    let onDone: (Int) -> Void

    func run(_ body: (Int) throws -> Void) throws {
        guard !jobs.isEmpty else { return }
        let state = Mutex(State())
        // Progress tells when the first job began, so that the time left can be told.
        onDone(0)
        // The body works on what belongs to its job alone, and `onDone` is called under the lock.
        nonisolated(unsafe) let (body, onDone) = (body, onDone)
        let jobs = jobs
        DispatchQueue.concurrentPerform(iterations: min(max(1, workers), jobs.count)) { _ in
            while true {
                let job = state.withLock { state -> Int? in
                    guard state.failure == nil, state.next < jobs.count else { return nil }
                    defer { state.next += 1 }
                    return jobs[state.next]
                }
                guard let job else { return }
                do {
                    try body(job)
                    state.withLock { state in
                        state.done += 1
                        onDone(state.done)
                    }
                } catch {
                    state.withLock { state in state.failure = state.failure ?? error }
                    return
                }
            }
        }
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }
}
