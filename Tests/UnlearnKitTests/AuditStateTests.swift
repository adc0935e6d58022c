// An audit that is interrupted goes on with what it has found.

import Foundation
import Testing
import UnlearnFormats

@testable import UnlearnKit

@Suite struct AuditStateTests {
    private let outcome = AttackOutcome.skipped(name: "a", form: "", reason: "Why.")

    @Test func whatWasFoundIsNotLookedForAgain() throws {
        let folder = try TemporaryFolder()
        var first = try AuditState(["seed": "0"], in: folder.url)
        #expect(try first.outcomes(of: "a", in: folder.url) { [outcome] } == [outcome])
        var second = try AuditState(["seed": "0"], in: folder.url)
        let found = try second.outcomes(of: "a", in: folder.url) {
            Issue.record("It was looked for again.")
            return []
        }
        #expect(found == [outcome])
        // Something else decides something else.
        var other = try AuditState(["seed": "1"], in: folder.url)
        #expect(try other.outcomes(of: "a", in: folder.url) { [] } == [])
        try AuditState.clear(folder.url)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
    }

    @Test func aDamagedFileIsOfNoUse() throws {
        let folder = try TemporaryFolder()
        try Data("{".utf8).write(to: folder.url.appending(path: "audit-partial.json"))
        #expect(try AuditState(["seed": "0"], in: folder.url).found.isEmpty)
    }
}
