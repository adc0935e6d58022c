// Splits of images: disjoint, complete, fixed by the seed, and chosen as asked.

import Foundation
import Testing
import UnlearnData

@Suite struct ImageSplitTests {
    private let set = ImageSet(
        width: 1, height: 1, channels: 1, pixels: [UInt8](repeating: 0, count: 100), labels: (0..<100).map { $0 % 4 },
        names: (0..<100).map { "\($0).png" }, classNames: ["a", "b", "c", "d"])

    private func splits(_ edit: (inout ForgetChoice) -> Void = { _ in }, seed: UInt64 = 0) throws -> ImageSplits {
        var choice = ForgetChoice()
        choice.share = 0.1
        edit(&choice)
        return try ImageSplits(set, SplitOptions(), choice, seed: seed)
    }

    @Test func splitsAreDisjointAndComplete() throws {
        let splits = try splits()
        let all = splits.forget + splits.retain + splits.validation + splits.test
        #expect(all.sorted() == Array(0..<100))
        #expect((splits.forget.count, splits.test.count, splits.validation.count) == (8, 10, 10))
        #expect(splits.train == (splits.forget + splits.retain).sorted())
    }

    @Test func oneSeedIsOneSplit() throws {
        #expect(try splits() == splits())
        #expect(try splits() != splits(seed: 1))
    }

    @Test func aClassIsForgottenWhole() throws {
        let splits = try splits { $0.className = "b" }
        #expect(splits.forget.allSatisfy { set.labels[$0] == 1 })
        #expect(!splits.retain.contains { set.labels[$0] == 1 })
        #expect(splits.forgetsWholeClasses)
        #expect(!splits.test.contains { set.labels[$0] == 1 })
        #expect(!splits.unseen.isEmpty && splits.unseen.allSatisfy { set.labels[$0] == 1 })
        #expect(throws: DataError.unknownClass(name: "e", known: ["a", "b", "c", "d"])) {
            try self.splits { $0.className = "e" }
        }
    }

    @Test func unseenImagesAreOfTheForgottenClasses() throws {
        let splits = try splits()
        let classes = Set(splits.forget.map { set.labels[$0] })
        #expect(!splits.forgetsWholeClasses)
        #expect(splits.unseen == splits.test.filter { classes.contains(set.labels[$0]) })
    }

    @Test func filesAreForgottenWhereTheyAreTrainedOn() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "unlearn-names-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data((0..<20).map { "\($0).png\n" }.joined().utf8).write(to: file)
        let splits = try splits { $0.files = file.path }
        #expect(splits.forget.allSatisfy { $0 < 20 } && splits.retain.allSatisfy { $0 >= 20 })
        try Data("5.png\nnone.png\n".utf8).write(to: file)
        #expect(throws: DataError.unknownImage(name: "none.png", path: file.path, line: 2)) {
            try self.splits { $0.files = file.path }
        }
    }

    @Test func nothingToForgetIsSaid() {
        #expect(throws: DataError.emptySplit(forget: 0, retain: 80, test: 10)) {
            try self.splits { $0.share = 0 }
        }
    }

    @Test func testImagesOfTheirOwnStandApart() throws {
        let splits = try ImageSplits(set, testFrom: 70, SplitOptions(), ForgetChoice(), seed: 0)
        #expect(splits.test == Array(70..<100))
        #expect(splits.validation.count == 7 && splits.validation.allSatisfy { $0 < 70 })
    }
}
