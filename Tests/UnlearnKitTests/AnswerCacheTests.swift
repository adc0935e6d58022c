// Checks that answers are kept, that nobody needs what is kept, and that it stays small.

import Foundation
import Testing
import UnlearnFormats

@testable import UnlearnKit

@Suite struct AnswerCacheTests {
    private let folder: TemporaryFolder
    private let cache: AnswerCache

    init() throws {
        folder = try TemporaryFolder()
        cache = AnswerCache(folder: folder.url.appending(path: "a/b"), largestBytes: 100)
    }

    private func value(
        _ fingerprint: String, _ text: String, in cache: AnswerCache? = nil
    ) -> (value: [String], isMade: Bool, problem: String?) {
        var (isMade, problem) = (false, String?.none)
        func make() -> [String] {
            isMade = true
            return [text]
        }
        let value = (cache ?? self.cache).value(fingerprint, onProblem: { problem = $0.description }, make: make)
        return (value, isMade, problem)
    }

    @Test func aValueIsMadeOnce() {
        #expect(value("x", "first") == (["first"], true, nil))
        #expect(value("x", "second") == (["first"], false, nil))
        #expect(value("y", "second") == (["second"], true, nil))
    }

    @Test(arguments: ["", "[\"fir", "{\"other\": 1}", "\u{0}"])
    func aDamagedEntryIsMadeAnew(_ contents: String) throws {
        _ = value("x", "first")
        try Data(contents.utf8).write(to: cache.folder.appending(path: "x.json"))
        #expect(value("x", "second") == (["second"], true, nil))
        #expect(value("x", "third") == (["second"], false, nil))
    }

    @Test func theLeastRecentlyUsedMakeRoom() throws {
        func age(_ name: String, _ seconds: Double) throws {
            try FileManager.default.setAttributes(
                [.modificationDate: Date.now - seconds], ofItemAtPath: cache.folder.appending(path: name).path)
        }
        let text = String(repeating: "z", count: 30)
        for name in ["x", "y"] { _ = value(name, text) }
        try age("x.json", 20)
        try age("y.json", 10)
        // Using x makes y the oldest; 3 entries of more than 34 bytes are too many.
        #expect(!value("x", text).isMade)
        _ = value("z", text)
        let names = try FileManager.default.contentsOfDirectory(atPath: cache.folder.path).sorted()
        #expect(names == ["x.json", "z.json"])
    }

    @Test func aFolderThatCannotBeIsSaid() throws {
        let file = try folder.file("file", "")
        let result = value("x", "first", in: AnswerCache(folder: file.appending(path: "cache")))
        #expect(result.value == ["first"] && result.isMade)
        #expect(result.problem?.hasPrefix("Cannot create the folder '\(file.path)/cache'") == true)
    }

    @Test func theFolderIsTheOneOfTheSpecification() {
        let home = URL(filePath: "/home/ada")
        func path(_ value: String?) -> String {
            AnswerCache(environment: value.map { ["XDG_CACHE_HOME": $0] } ?? [:], home: home).folder.path
        }
        #expect(path("/var/cache") == "/var/cache/unlearn")
        #expect(path(nil) == "/home/ada/.cache/unlearn")
        #expect(path("relative") == "/home/ada/.cache/unlearn" && path("") == "/home/ada/.cache/unlearn")
    }
}
