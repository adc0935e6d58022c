// Jobs on several threads: each once, progress in order, and the first error stops the rest.

import Foundation
import Synchronization
import Testing

@testable import UnlearnKit

@Suite struct ParallelJobsTests {
    @Test(arguments: [1, 3, 50])
    func everyJobIsDoneOnce(workers: Int) throws {
        let seen = Mutex<[Int]>([])
        let progress = Mutex<[Int]>([])
        let jobs = ParallelJobs(jobs: Array(10..<30), workers: workers) { done in
            progress.withLock { $0.append(done) }
        }
        try jobs.run { job in seen.withLock { $0.append(job) } }
        #expect(seen.withLock { $0.sorted() } == Array(10..<30))
        #expect(progress.withLock { $0 } == Array(0...20))
    }

    @Test func theFirstErrorStopsWhatHasNotBegun() {
        let count = Mutex(0)
        let jobs = ParallelJobs(jobs: Array(0..<100), workers: 1) { _ in }
        #expect(throws: KitError.otherSettings(path: "x")) {
            try jobs.run { job in
                count.withLock { $0 += 1 }
                if job == 3 { throw KitError.otherSettings(path: "x") }
            }
        }
        #expect(count.withLock { $0 } == 4)
    }

    @Test func noJobsAreNoWork() throws {
        try ParallelJobs(jobs: [], workers: 4) { _ in Issue.record("there is nothing to tell") }.run { _ in }
    }
}
